import { Client } from '@stomp/stompjs';

const { fetchToken } = globalThis; // the test's issuer

// region token-renewal
const client = new Client({
  brokerURL: 'ws://localhost:8080/ws',
  beforeConnect: async () => {
    client.connectHeaders = { Authorization: `Bearer ${await fetchToken()}` }; // a fresh one for each connection
  },
});

async function renew() {
  const token = await fetchToken();
  if (client.connected) {
    client.watchForReceipt('renewed', () => console.log('renewed'));
    client.publish({ destination: '/app/session/token', body: token, headers: { receipt: 'renewed' } });
  }
}
setInterval(() => renew().catch(console.error), 4 * 60_000); // for tokens of five minutes
// endregion

client.reconnectDelay = 0;
client.activate();

export { client, renew };
