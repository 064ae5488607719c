import { Client } from '@stomp/stompjs';

// region client-id
const client = new Client({
  brokerURL: 'ws://localhost:8080/ws',
  connectHeaders: { 'client-id': crypto.randomUUID() },
});
// endregion

// region session-resumed
let connectedBefore = false;
client.onConnect = ({ headers }) => {
  if (headers['session-resumed'] === 'false' && connectedBefore) {
    console.log('positions are forgotten'); // reload what you show
  }
  connectedBefore = true;
  client.subscribe('/topic/orders', (message) => console.log(message.body));
};
// endregion

client.reconnectDelay = 1;
client.activate();

export { client };
