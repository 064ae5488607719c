// Runs the snippets of the documents, as they are, against a node that takes tokens signed with the secret, and anonymous
// clients. Prints one JSON object: {"<check>": "ok" or what went wrong}.
// Usage: node snippets.mjs <package of STOMP.js> <ws package directory> <WebSocket address> <secret>
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [stompPackage, wsDirectory, address, secret] = process.argv.slice(2);
const require = createRequire(import.meta.url);
globalThis.WebSocket = require(resolve(wsDirectory));
const { Client } = require(join(resolve(stompPackage), 'bundles/stomp.umd.js'));

const ADDRESS_IN_DOCUMENTS = 'ws://localhost:8080/ws';
const PATIENCE = 20_000;
const here = join(dirname(fileURLToPath(import.meta.url)), 'snippets');
const workshop = mkdtempSync(join(tmpdir(), 'snippets-'));
mkdirSync(join(workshop, 'node_modules/@stomp'), { recursive: true });
symlinkSync(resolve(stompPackage), join(workshop, 'node_modules/@stomp/stompjs'));

let copies = 0;

/** The snippet's module; only the address is another one, and the destinations where two must not meet. */
async function snippet(name, replaced = {}) {
  let text = readFileSync(join(here, `${name}.mjs`), 'utf8');
  for (const [from, to] of Object.entries({ [ADDRESS_IN_DOCUMENTS]: address, ...replaced })) {
    assert.ok(text.includes(from), `${name} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  const copy = join(workshop, `${name}-${++copies}.mjs`);
  writeFileSync(copy, text);
  return import(pathToFileURL(copy).href);
}

const print = console.log;
let printed = [];
console.log = text => printed.push(String(text));

async function until(condition, what) {
  const end = Date.now() + PATIENCE;
  while (!condition()) {
    if (Date.now() > end) {
      throw new Error(`timed out: ${what}; printed ${JSON.stringify(printed)}`);
    }
    await new Promise(done => setTimeout(done, 10));
  }
}

/** A client of the test's own, which publishes and waits until that is accepted. */
const publisher = new Client({ brokerURL: address });
publisher.activate();
let receipts = 0;
function publish(destination, body) {
  const receipt = `published-${++receipts}`;
  return new Promise(done => {
    publisher.watchForReceipt(receipt, done);
    publisher.publish({ destination, body, headers: { receipt } });
  });
}

/** Breaks a connection without a closing handshake: 1006. */
const cut = client => client.webSocket.terminate();

/** Cuts the client off, and lets it connect again only when this is done. */
async function away(client, meanwhile) {
  cut(client);
  await client.deactivate();
  await meanwhile();
  client.activate();
}

const encoded = part => Buffer.from(JSON.stringify(part)).toString('base64url');
let tokens = 0;
globalThis.fetchToken = async () => {
  const claims = { sub: 'ann', jti: `token-${++tokens}`, exp: Math.floor(Date.now() / 1000) + 300 };
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

const checks = {
  async 'connect'() {
    const { client } = await snippet('connect');
    await until(() => printed.includes('hello'), 'its own message');
    await client.deactivate();
  },

  async 'client-id goes on where it was'() {
    const destination = '/topic/orders-of-a-session';
    const { client } = await snippet('client-id', { '/topic/orders': destination });
    await until(() => client.connected, 'CONNECTED');
    while (!printed.includes('one')) {
      await publish(destination, 'one'); // once its SUBSCRIBE is there, which nothing tells, it is received
    }
    await away(client, () => publish(destination, 'two'));
    await until(() => printed.includes('two'), 'what was published meanwhile');
    assert.ok(!printed.includes('positions are forgotten'));
    await client.deactivate();
  },

  async 'miss-nothing keeps what is published before the first message'() {
    const { client, joined } = await snippet('miss-nothing');
    await until(joined, 'the position of the RECEIPT');
    await away(client, () => publish('/topic/orders', 'first'));
    await until(() => printed.includes('first'), 'what was published meanwhile');
    await away(client, () => publish('/topic/orders', 'second'));
    await until(() => printed.includes('second'), 'what was published meanwhile');
    await publish('/topic/orders', 'third');
    await until(() => printed.includes('third'), 'what is live');
    assert.deepEqual(printed, ['first', 'second', 'third']);
    await client.deactivate();
  },

  async 'miss-nothing shows a gap'() {
    const { client, joined } = await snippet('miss-nothing', { '/topic/orders': '/topic/short' });
    await until(joined, 'the position of the RECEIPT');
    await away(client, async () => {
      for (let i = 0; i < 5; i++) {
        await publish('/topic/short', String(i)); // its history keeps two
      }
    });
    await until(() => printed.includes('4'), 'the last message');
    assert.deepEqual(printed, ['missed 3: trimmed', '3', '4']);
    await client.deactivate();
  },

  async 'reconnect keeps the back-off over sessions that end at once'() {
    const waits = [];
    const { setTimeout: timer, Math: { random } } = globalThis;
    Math.random = () => 0.003;
    globalThis.setTimeout = (task, delay, ...more) => {
      waits.push(delay);
      return timer(task, delay, ...more);
    };
    try {
      const { client } = await snippet('reconnect');
      for (let i = 0; i < 3; i++) {
        await until(() => client.connected, `CONNECTED ${i}`);
        const socket = client.webSocket;
        cut(client);
        // Not only "not connected": that may be over before anybody looks.
        await until(() => client.connected && client.webSocket !== socket, 'another connection');
      }
      assert.deepEqual(waits.filter(wait => [1.5, 3, 6].includes(wait)), [1.5, 3, 6]);
      await client.deactivate();
    } finally {
      Math.random = random;
      globalThis.setTimeout = timer;
    }
  },

  async 'reconnect stops where the same would happen again'() {
    const { client } = await snippet('reconnect');
    await until(() => client.connected, 'CONNECTED');
    client.publish({ destination: '/nowhere', body: 'x' });
    await until(() => printed.some(line => line.startsWith('closed with 1002')), 'the end');
    assert.ok(!client.active);
  },

  async 'token-renewal keeps the session'() {
    const { client, renew } = await snippet('token-renewal');
    await until(() => client.connected, 'CONNECTED with a token');
    const socket = client.webSocket;
    await renew();
    await until(() => printed.includes('renewed'), 'the RECEIPT of a fresh token');
    assert.equal(client.webSocket, socket);
    assert.ok(tokens >= 2);
    await client.deactivate();
  },

  async 'send-once is published once'() {
    const { client, send, unanswered } = await snippet('send-once');
    const seen = [];
    publisher.subscribe('/topic/once', message => seen.push(message.body));
    send('/topic/once', 'before the connection');
    await until(() => unanswered.size === 0, 'the RECEIPT');
    send('/topic/once', 'cut');
    cut(client); // perhaps it was sent, perhaps not
    await until(() => unanswered.size === 0, 'the RECEIPT after another connection');
    send('/topic/once', 'last');
    await until(() => seen.includes('last'), 'the last message');
    assert.deepEqual(seen, ['before the connection', 'cut', 'last']);
    await client.deactivate();
  },
};

await until(() => publisher.connected, 'the publisher');
const verdict = {};
for (const [name, check] of Object.entries(checks)) {
  printed = [];
  try {
    await check();
    verdict[name] = 'ok';
  } catch (error) {
    verdict[name] = String(error.message ?? error);
  }
}
print(JSON.stringify(verdict));
process.exit(0);
