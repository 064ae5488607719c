import { Client } from '@stomp/stompjs';

// region reconnect
const final = new Set([1000, 1002, 1007, 1009, 4005, 4007, 4008, 4011, 4012]); // the same would happen again
const later = new Set([1001, 1011, 1012, 1013, 4003, 4010, 4013, 4014]); // spread over ten seconds
let failures = 0;
let spread = 0;
let connectedAt;

const client = new Client({
  brokerURL: 'ws://localhost:8080/ws',
  connectionTimeout: 8_000,
  discardWebsocketOnCommFailure: true, // a dead network never answers the closing handshake
  reconnectDelay: 1, // the wait is in beforeConnect, since STOMP.js has no jitter
  beforeConnect: async () => {
    const backoff = failures === 0 ? 0 : Math.min(15_000, 500 * 2 ** (failures - 1));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.max(backoff, spread)));
  },
  onConnect: () => {
    connectedAt = Date.now();
    // subscribe here, with resume-after or a client-id
  },
  onStompError: ({ headers }) => console.log(headers.message), // one sentence for people
  onWebSocketClose: ({ code }) => {
    if (final.has(code)) {
      client.deactivate();
      console.log(`closed with ${code}: not again by itself`);
      return;
    }
    if (connectedAt !== undefined && Date.now() - connectedAt > 10_000) {
      failures = 0; // only a session that has lasted ends the back-off
    }
    connectedAt = undefined;
    failures++;
    spread = later.has(code) ? 10_000 : 0;
  },
});
client.activate();
// endregion

export { client };
