// Runs the real STOMP.js against a node and prints one JSON object: {"<check>": "ok" or what went wrong}.
// Usage: node stompjs.mjs <stomp.umd.js> <ws package directory> <WebSocket address>
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [stompFile, wsDirectory, address] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { Client, Versions } = require(resolve(stompFile));
const WebSocket = require(resolve(wsDirectory));

const PATIENCE = 20_000;
const V12 = new Versions(['1.2']);
let names = 0;
const fresh = prefix => `/topic/${prefix}-${process.pid}-${++names}`;

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out: ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What comes, in order, for `await inbox.take()`. */
class Inbox {
  #items = [];
  #waiting = [];

  put = item => (this.#waiting.length > 0 ? this.#waiting.shift()(item) : this.#items.push(item));

  take(what = 'a message') {
    return this.#items.length > 0
      ? Promise.resolve(this.#items.shift())
      : within(new Promise(done => this.#waiting.push(done)), what);
  }

  get length() {
    return this.#items.length;
  }
}

async function connect(options = {}) {
  const errors = new Inbox();
  const closes = new Inbox();
  const versions = options.stompVersions ?? V12;
  const client = new Client({
    webSocketFactory: () => new WebSocket(address, versions.protocolVersions()),
    stompVersions: versions,
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    onStompError: errors.put,
    onWebSocketClose: closes.put,
    ...options,
  });
  const frame = await within(
    new Promise((done, failed) => {
      client.onConnect = done;
      client.onWebSocketError = event => failed(new Error(event.message));
      client.activate();
    }),
    'CONNECTED',
  );
  return { client, frame, errors, closes };
}

let receipts = 0;
function receiptOf(client, act) {
  const receipt = `receipt-${++receipts}`;
  const done = new Promise(answered => client.watchForReceipt(receipt, answered));
  act({ receipt });
  return within(done, receipt);
}

async function subscribe(client, destination, headers = {}) {
  const inbox = new Inbox();
  let subscription;
  await receiptOf(client, receipt => {
    subscription = client.subscribe(destination, inbox.put, { ...headers, ...receipt });
  });
  return { inbox, subscription };
}

/** Nothing else has come: whatever was sent before this receipt would have come before it. */
async function expectQuiet(client, inbox) {
  await receiptOf(client, headers => client.publish({ destination: fresh('quiet'), headers }));
  assert.equal(inbox.length, 0);
}

async function exchange(version) {
  const { client } = await connect({ stompVersions: new Versions([version]) });
  assert.equal(client.connectedVersion, version);
  const destination = fresh('exchange');
  const { inbox } = await subscribe(client, destination);
  client.publish({ destination, body: 'Grüße 🥁', headers: { colour: 'blue' } });
  const message = await inbox.take();
  assert.equal(message.body, 'Grüße 🥁');
  assert.equal(message.headers.colour, 'blue');
  assert.equal(message.headers.destination, destination);
  assert.ok(message.headers['message-id']);
  await client.deactivate();
}

const checks = {
  'version 1.0': () => exchange('1.0'),
  'version 1.1': () => exchange('1.1'),
  'version 1.2': () => exchange('1.2'),

  async 'offers all versions and gets the highest'() {
    const { client, frame } = await connect({ stompVersions: Versions.default });
    assert.equal(client.connectedVersion, '1.2');
    assert.ok(frame.headers.session);
    assert.ok(frame.headers.node);
    assert.match(frame.headers.server, /^drumline(\/|$)/);
    await client.deactivate();
  },

  async 'escaped header values'() {
    const { client } = await connect();
    const destination = fresh('escapes');
    const { inbox } = await subscribe(client, destination);
    const headers = { odd: 'line\nbreak\r:\\' }; // STOMP.js escapes values, not names
    client.publish({ destination, body: 'x', headers });
    assert.equal((await inbox.take()).headers.odd, headers.odd);
    await client.deactivate();
  },

  async 'order of 5,000 messages from one publisher'() {
    const publisher = (await connect()).client;
    const subscriber = (await connect()).client;
    const destination = fresh('order');
    const { inbox } = await subscribe(subscriber, destination);
    for (let i = 0; i < 5_000; i++) {
      publisher.publish({ destination, body: String(i) });
    }
    for (let i = 0; i < 5_000; i++) {
      assert.equal((await inbox.take(`message ${i}`)).body, String(i));
    }
    await Promise.all([publisher.deactivate(), subscriber.deactivate()]);
  },

  async 'receipts come in the order of their frames'() {
    const { client } = await connect();
    const destination = fresh('receipts');
    const order = [];
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        receiptOf(client, headers => client.publish({ destination, body: 'x', headers })).then(() => order.push(i)),
      ),
    );
    assert.deepEqual(order, [...order.keys()]);
    await client.deactivate();
  },

  async 'binary bodies'() {
    const { client } = await connect();
    const destination = fresh('binary');
    const { inbox } = await subscribe(client, destination);
    const binaryBody = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
    client.publish({ destination, binaryBody, headers: { 'content-type': 'application/octet-stream' } });
    const message = await inbox.take();
    assert.deepEqual([...message.binaryBody], [...binaryBody]);
    assert.equal(message.headers['content-type'], 'application/octet-stream');
    await client.deactivate();
  },

  async 'frames split by the client and a body of 200 KB'() {
    const { client } = await connect({ splitLargeFrames: true, maxWebSocketChunkSize: 1_024 });
    const destination = fresh('split');
    const { inbox } = await subscribe(client, destination);
    const body = 'ä'.repeat(100_000);
    client.publish({ destination, body });
    assert.equal((await inbox.take()).body, body);
    await client.deactivate();
  },

  async 'heart-beats both ways'() {
    let beats = 0;
    let lost = 0;
    const { client, closes } = await connect({
      heartbeatIncoming: 1_000,
      heartbeatOutgoing: 1_000,
      onHeartbeatReceived: () => beats++,
      onHeartbeatLost: () => lost++,
    });
    await within(
      new Promise(done => {
        const seen = setInterval(() => {
          if (beats >= 3) {
            clearInterval(seen);
            done();
          }
        }, 50);
      }),
      'three heart-beats',
    );
    assert.equal(lost, 0);
    assert.equal(closes.length, 0);
    assert.ok(client.connected);
    await client.deactivate();
  },

  async 'unsubscribe ends the flow, and the id is free again'() {
    const { client } = await connect();
    const destination = fresh('unsubscribe');
    const { inbox, subscription } = await subscribe(client, destination);
    await receiptOf(client, headers => subscription.unsubscribe(headers));
    client.publish({ destination, body: 'x' });
    await expectQuiet(client, inbox);
    const again = new Inbox();
    await receiptOf(client, headers => client.subscribe(destination, again.put, { id: subscription.id, ...headers }));
    client.publish({ destination, body: 'y' });
    assert.equal((await again.take()).body, 'y');
    await client.deactivate();
  },

  async 'transactions'() {
    const { client } = await connect();
    const destination = fresh('transaction');
    const { inbox } = await subscribe(client, destination);
    const aborted = client.begin();
    client.publish({ destination, body: 'never', headers: { transaction: aborted.id } });
    aborted.abort();
    const kept = client.begin();
    client.publish({ destination, body: 'one', headers: { transaction: kept.id } });
    client.publish({ destination, body: 'two', headers: { transaction: kept.id } });
    await expectQuiet(client, inbox);
    kept.commit();
    assert.equal((await inbox.take()).body, 'one');
    assert.equal((await inbox.take()).body, 'two');
    await client.deactivate();
  },

  async 'ack and nack'() {
    const { client, errors } = await connect();
    const destination = fresh('ack');
    const { inbox } = await subscribe(client, destination, { ack: 'client-individual' });
    client.publish({ destination, body: 'one' });
    client.publish({ destination, body: 'two' });
    const [one, two] = [await inbox.take(), await inbox.take()];
    await receiptOf(client, headers => two.ack(headers));
    await receiptOf(client, headers => one.nack(headers));
    assert.equal(errors.length, 0);
    await client.deactivate();
  },

  async 'an error frame with a sentence, then the close'() {
    const { client, errors, closes } = await connect();
    client.publish({ destination: '/nowhere/at/all', body: 'x' });
    const error = await errors.take('an ERROR frame');
    assert.match(error.headers.message, /\w+ \w+/);
    assert.doesNotMatch(error.headers.message + error.body, /Exception|java\./);
    await closes.take('the close');
  },

  async 'disconnect is answered, then closed in order'() {
    const { client, closes } = await connect();
    const answered = new Promise(done => (client.onDisconnect = done));
    await client.deactivate();
    await within(answered, 'the receipt of DISCONNECT');
    assert.equal((await closes.take()).code, 1000);
  },
};

const verdict = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    await within(check(), name);
    verdict[name] = 'ok';
  } catch (error) {
    verdict[name] = String(error.message ?? error);
  }
}
console.log(JSON.stringify(verdict));
process.exit(0);
