// A room that clients join and publish to: Socket.IO as its documentation shows it, with its defaults.
const { Server } = require('socket.io');

const io = new Server(Number(process.argv[2]), { transports: ['websocket'] });
io.on('connection', (socket) => {
  socket.on('subscribe', (room, done) => {
    socket.join(room);
    done();
  });
  socket.on('publish', (room, text) => io.to(room).emit('message', text));
});
