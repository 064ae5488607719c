import { ask, askIfThere } from './server.js';
import { byId, confirmed, octets, showFigures, showOnly, showStatus, showTable, span } from './view.js';

const INTERVAL = 3000;
const NODES = '../api/v1/nodes';
const REVOCATIONS = '../api/v1/revocations';
const DRAIN = '../actuator/drain';

let visitor;
let before;
let timer;

const may = scope => visitor.open || visitor.scopes.includes(scope) || visitor.scopes.includes('admin');
const inside = () => visitor.open || visitor.name !== null;

/** How fast a counter has grown since the last look. */
function perSecond(node, name) {
  const seconds = before ? (Date.parse(node.time) - Date.parse(before.time)) / 1000 : 0;
  return seconds > 0 ? Math.max(0, (node.figures[name] - before.figures[name]) / seconds) : 0;
}

function drawNode(node) {
  const { figures } = node;
  const seconds = (Date.parse(node.time) - Date.parse(node.started)) / 1000;
  byId('node-id').textContent = `${node.id}, up for ${span(seconds)}`;
  showFigures([
    ['Connections', figures.connections],
    ['Subscriptions', figures.subscriptions],
    ['Destinations', figures.destinations],
    ['Published', perSecond(node, 'messages.published'), 'a second'],
    ['Deliveries', perSecond(node, 'deliveries'), 'a second'],
    ['Waiting for clients', ...octets(figures['queue.bytes'])],
    ['Dropped', figures['messages.dropped']],
    ['Not accepted', figures['messages.failed']],
  ]);
  const closes = Object.entries(node.closes).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  showTable('closes', [
    ['Reason', ([reason]) => reason.replaceAll('_', ' ')],
    ['Sockets', ([, count]) => count],
  ], closes, 'None since the start.');
  if (figures['redis.up'] === 0) {
    showStatus('bad', 'Redis cannot be used');
  } else if (figures.draining > 0) {
    showStatus('wait', 'Draining');
  } else {
    showStatus('good', 'Serving');
  }
  before = node;
}

async function drawDrain() {
  const drain = may('read') && await askIfThere(DRAIN);
  byId('drain').hidden = !drain || !may('admin') || before.figures.draining > 0;
}

async function drawNodes() {
  const answer = await askIfThere(NODES);
  byId('nodes-section').hidden = answer === undefined;
  if (answer !== undefined) {
    const time = text => text && new Date(text);
    showTable('nodes', [
      ['Node', node => node.self ? `${node.id} (this one)` : node.id],
      ['Address', node => `${node.address}:${node.clientPort}`],
      ['Version', node => node.version],
      ['Started', node => time(node.started)],
      ['Connections', node => node.connections],
      ['Draining', node => node.draining],
    ], answer.nodes, 'None.');
  }
}

async function drawRevocations() {
  const answer = await askIfThere(REVOCATIONS);
  byId('revocations-section').hidden = answer === undefined;
  if (answer === undefined) {
    return;
  }
  byId('revoke').hidden = !may('admin');
  showTable('revocations', [
    ['Kind', entry => entry.kind],
    ['Name or id', entry => entry.name],
    ['Until', entry => entry.until && new Date(entry.until)],
    ['Reason', entry => entry.reason],
  ], answer.revocations, 'Nobody is blocked.', may('admin') && {
    title: 'Let in again',
    // By parameter: a path cannot have every name.
    run: ({ kind, name }) => act(() => ask(`${REVOCATIONS}?${new URLSearchParams({ [kind]: name })}`, { method: 'DELETE' })),
  });
}

async function refresh() {
  clearTimeout(timer);
  try {
    drawNode(await ask('node'));
    await Promise.all([drawNodes(), drawRevocations(), drawDrain()]);
  } catch (failure) {
    if (failure.status === 401) {
      await enter();
      return;
    }
    showStatus('bad', failure.status ? failure.message : 'The node does not answer');
  }
  timer = setTimeout(refresh, INTERVAL);
}

/** Does something that changes the node, and shows what became of it. */
async function act(change) {
  try {
    await change();
    await refresh();
  } catch (failure) {
    showStatus('bad', failure.message);
  }
}

/** Shows what this visitor may see. */
async function enter() {
  clearTimeout(timer);
  before = undefined;
  visitor = await ask('session');
  byId('who').hidden = visitor.name === null;
  byId('who-name').textContent = visitor.name ?? '';
  if (inside()) {
    showOnly('pages');
    await refresh();
  } else {
    showStatus('wait', 'Not logged in');
    showOnly(visitor.keyed ? 'login' : 'closed');
    byId('key').focus();
  }
}

byId('login').addEventListener('submit', async event => {
  event.preventDefault();
  const field = byId('key');
  const key = field.value.trim();
  byId('login-refusal').textContent = '';
  if (key === '') {
    field.focus();
    return;
  }
  try {
    await ask('login', { method: 'POST', form: { key } });
    field.value = '';
    await enter();
  } catch (failure) {
    byId('login-refusal').textContent = failure.message;
    field.select();
  }
});

byId('logout').addEventListener('click', () => act(async () => {
  await ask('logout', { method: 'POST' });
  await enter();
}));

byId('drain').addEventListener('click', async () => {
  if (await confirmed('This node takes no new sockets from now on, and closes those it has, step by step.', 'Drain')) {
    await act(() => ask(DRAIN, { method: 'POST' }));
  }
});

byId('revoke').addEventListener('submit', async event => {
  event.preventDefault();
  const [kind, value, time] = ['revoke-kind', 'revoke-value', 'revoke-time'].map(id => byId(id).value.trim());
  if (value === '') {
    byId('revoke-value').focus();
  } else if (await confirmed(`Close all sockets of the ${kind} ${value}?`, 'Close')) {
    const order = time === '' ? { action: 'kick' } : { action: 'block', for: time };
    await act(() => ask(REVOCATIONS, { method: 'POST', json: { [kind]: value, ...order } }));
    byId('revoke-value').value = '';
  }
});

enter().catch(failure => showStatus('bad', failure.message));
