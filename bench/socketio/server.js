// A room that clients join and publish to: Socket.IO as its documentation shows it, with its defaults.
const http = require('http');
const { Server } = require('socket.io');

const server = http.createServer();
const io = new Server(server, { transports: ['websocket'] });
io.on('connection', (socket) => {
  socket.on('subscribe', (room, done) => {
    socket.join(room);
    done();
  });
  socket.on('publish', (room, text) => io.to(room).emit('message', text));
});

server.listen(Number(process.argv[2]), '127.0.0.1');
