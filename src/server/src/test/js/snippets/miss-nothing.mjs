import { Client } from '@stomp/stompjs';

const client = new Client({ brokerURL: 'ws://localhost:8080/ws', reconnectDelay: 1 });

// region miss-nothing
let last; // the position to go on from
client.onConnect = () => {
  client.watchForReceipt('orders', ({ headers }) => { last ??= headers.position; });
  client.subscribe('/topic/orders', ({ headers, body }) => {
    last = headers['message-id'];
    if (headers['drumline-event'] === 'gap') {
      console.log(`missed ${headers['drumline-missed']}: ${headers['drumline-reason']}`); // reload what you show
    } else {
      console.log(body);
    }
  }, { 'resume-after': last ?? '*', receipt: 'orders' });
};
// endregion

client.activate();

export { client };
export const joined = () => last !== undefined;
