import { Client } from '@stomp/stompjs';

const client = new Client({ brokerURL: 'ws://localhost:8080/ws', reconnectDelay: 1 });

// region send-once
const unanswered = new Map(); // by id, in the order of sending

function send(destination, body) {
  const id = crypto.randomUUID();
  unanswered.set(id, { destination, body, headers: { id, receipt: id } });
  if (client.connected) {
    transmit(id);
  }
}

function transmit(id) {
  client.watchForReceipt(id, () => unanswered.delete(id)); // accepted and stored
  client.publish(unanswered.get(id));
}

client.onConnect = () => [...unanswered.keys()].forEach(transmit); // published once, however often it is sent
// endregion

client.activate();

export { client, send, unanswered };
