import { test } from 'node:test';
import assert from 'node:assert/strict';
import { whenToReconnect, windowOf } from '../../main/resources/static/chat/closing.js';
import { Backoff, endpointsOf, shuffled } from '../../main/resources/static/chat/endpoints.js';

const settings = { endpoints: [], endpointsInUrl: true, port: 8080, path: '/ws' };
const at = address => new URL(address);

test('uses the own listener of the node that served the page', () => {
  assert.deepEqual(endpointsOf(at('http://node1:8081/'), settings), ['ws://node1:8080/ws']);
  assert.deepEqual(endpointsOf(at('https://node1/'), settings), ['wss://node1:8080/ws']);
  assert.deepEqual(endpointsOf(at('http://[::1]:8081/'), settings), ['ws://[::1]:8080/ws']);
});

test('prefers the configured endpoints, and those of the address to all', () => {
  const configured = { ...settings, endpoints: ['wss://chat.example.org/ws'] };
  assert.deepEqual(endpointsOf(at('http://a/'), configured), configured.endpoints);
  assert.deepEqual(endpointsOf(at('http://a/?endpoints=ws://b/ws,wss://c/ws'), configured), [
    'ws://b/ws',
    'wss://c/ws',
  ]);
});

test('takes a configured path from the host and port of the page', () => {
  const behindProxy = { ...settings, endpoints: ['/ws', 'wss://b/ws'] };
  assert.deepEqual(endpointsOf(at('http://chat:88/'), behindProxy), ['ws://chat:88/ws', 'wss://b/ws']);
  assert.deepEqual(endpointsOf(at('https://chat/#room'), behindProxy), ['wss://chat/ws', 'wss://b/ws']);
});

test('takes only WebSocket addresses, from https only secure ones', () => {
  const given = '?endpoints=http://x/ws,javascript:alert(1),ws://b/ws,%20wss://c/ws,nonsense';
  assert.deepEqual(endpointsOf(at(`http://a/${given}`), settings), ['ws://b/ws', 'wss://c/ws']);
  assert.deepEqual(endpointsOf(at(`https://a/${given}`), settings), ['wss://c/ws']);
  assert.deepEqual(endpointsOf(at('http://a:1/?endpoints=nonsense'), settings), ['ws://a:8080/ws']);
});

test('shuffles a copy, and loses none', () => {
  const list = ['a', 'b', 'c', 'd'];
  const orders = new Set(Array.from({ length: 500 }, () => shuffled(list).join('')));
  assert.equal(list.join(''), 'abcd');
  assert.equal(orders.size, 24);
});

test('waits anything up to a limit that doubles to its cap, and begins anew after a success', () => {
  const backoff = new Backoff({ first: 500, most: 15_000, random: () => 1 });
  const waits = [];
  for (let i = 0; i < 8; i++) {
    waits.push(backoff.next());
    backoff.failed();
  }
  assert.deepEqual(waits, [0, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  backoff.succeeded();
  backoff.failed();
  assert.equal(backoff.next(), 500);
  assert.equal(new Backoff({ random: () => 0 }).next(), 0);
});

test('lets a link choose the server only where that is configured', () => {
  const closed = { ...settings, endpointsInUrl: false };
  assert.deepEqual(endpointsOf(at('http://a/?endpoints=ws://b/ws'), closed), ['ws://a:8080/ws']);
});

test('spreads its return over the window that the server named', () => {
  assert.equal(windowOf('This node is going away: reconnect within 30 s.'), 30);
  assert.equal(windowOf(''), 10);
  const backoff = new Backoff({ first: 500, most: 15_000, random: () => 1 });
  backoff.failed(30_000);
  assert.equal(backoff.next(), 30_000);
  backoff.failed();
  assert.equal(backoff.next(), 1_000);
});

test('obeys close codes', () => {
  for (const code of [1002, 1009, 4005, 4007, 4008, 4011, 4012]) {
    assert.equal(whenToReconnect(code), 'never', String(code));
  }
  for (const code of [1001, 1013, 4003, 4010, 4013]) {
    assert.equal(whenToReconnect(code), 'later', String(code));
  }
  for (const code of [1005, 1006, 4001, 4002, 4004, 4006]) {
    assert.equal(whenToReconnect(code), 'now', String(code));
  }
});
