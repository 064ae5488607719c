// A vanilla STOMP.js client with a client-id, whose node is killed: it reconnects to the other one, subscribes again in
// onConnect, and must miss nothing. Prints "ok", or what went wrong and exits with 1.
// Usage: node shared-session.mjs <stomp.umd.js> <ws package directory> <first address> <second address> <first's pid>
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';

const [stompFile, wsDirectory, first, second, pid] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { Client } = require(resolve(stompFile));
const WebSocket = require(resolve(wsDirectory));

const KILL_AT = 20;
const LAST = 60;
const topic = `/topic/vanilla-${randomUUID()}`;
const addresses = [first, second];
const received = [];
let connections = 0;

const giveUp = setTimeout(() => fail('timed out'), 60_000);

function fail(what) {
  console.log(`${what}; received ${received.join(' ')} over ${connections} connections`);
  process.exit(1);
}

const subscriber = new Client({
  webSocketFactory: () => new WebSocket(addresses[Math.min(connections, 1)], ['v12.stomp']),
  connectHeaders: { 'client-id': randomUUID() },
  reconnectDelay: 100,
});
subscriber.onConnect = () => {
  connections++;
  subscriber.watchForReceipt('joined', publish);
  subscriber.subscribe(topic, message => take(Number(message.body)), { receipt: 'joined' });
};

function take(number) {
  received.push(number);
  if (number === KILL_AT && connections === 1) {
    process.kill(Number(pid), 'SIGKILL');
  }
  if (number === LAST) {
    clearTimeout(giveUp);
    // At least once: what came last before the break may come again, but always in order.
    const distinct = [...new Set(received)];
    const complete = distinct.length === LAST && distinct.every((each, i) => each === i + 1);
    if (!complete || connections !== 2) {
      fail('not all of them, in order');
    }
    console.log('ok');
    process.exit(0);
  }
}

const publisher = new Client({
  webSocketFactory: () => new WebSocket(second, ['v12.stomp']),
});
let published = 0;

function publish() {
  if (published > 0) {
    return; // the second connection
  }
  publisher.onConnect = () =>
    setInterval(() => {
      if (published < LAST) {
        publisher.publish({ destination: topic, body: String(++published) });
      }
    }, 20);
  publisher.activate();
}

subscriber.activate();
