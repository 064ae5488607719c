import { ask, askFor } from './server.js';
import { showTable } from './tables.js';
import { byId, confirmed, forgetNotices, notify, bytes, showFigures, showNote, showOnly, showRefusal, showStatus, span, write } from './view.js';

const INTERVAL = 3000;
const NODES = '../api/v1/nodes';
const REVOCATIONS = '../api/v1/revocations';
const DRAIN = '../actuator/drain';
const NOBODY = { open: false, keyed: true, name: null, scopes: [] };

let visitor = NOBODY;
let wasInside = false;
let before;
let round = 0;
let timer;

const may = (who, scope) => who.open || who.scopes.includes(scope) || who.scopes.includes('admin');
const inside = who => who.open || who.name !== null;
const moment = text => new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Refreshes now, and then periodically while the page is visible; an outdated answer is dropped. */
async function look() {
  clearTimeout(timer);
  const own = ++round;
  let show;
  try {
    show = await gather();
  } catch (failure) {
    show = failure.status === 401 ? () => showLogin(NOBODY) : () => showSilence(failure);
  }
  if (own === round) {
    show();
    timer = document.hidden ? undefined : setTimeout(look, INTERVAL);
  }
}

/** Requests everything that this visitor may read; returns a function that shows it. */
async function gather() {
  const who = await ask('session');
  if (!inside(who)) {
    return () => showLogin(who);
  }
  const [node, nodes, drain, revocations] = await Promise.all(
    [ask('node'), askFor(NODES), askFor(DRAIN), may(who, 'admin') ? askFor(REVOCATIONS) : { status: 403 }]);
  return () => {
    visitor = who;
    wasInside = true;
    byId('who').hidden = who.name === null;
    write(byId('who-name'), who.name ?? '');
    byId('looking').hidden = may(who, 'admin');
    showOnly('pages');
    delete byId('pages').dataset.old;
    drawNode(node);
    drawDrain(drain.body ?? { stage: node.figures.draining > 0 ? 'GRACE' : 'SERVING', connections: node.figures.connections });
    drawNodes(nodes);
    drawRevocations(revocations);
    drawStatus(node, drain.body);
  };
}

function showLogin(who) {
  const first = byId('login').hidden;
  visitor = who;
  before = undefined;
  byId('who').hidden = true;
  byId('login-why').hidden = !wasInside;
  if (byId('ask').open) {
    byId('ask').close('no');
  }
  document.title = 'Drumline console';
  showStatus('wait', 'Not logged in');
  showOnly(who.keyed ? 'login' : 'closed');
  if (who.keyed && first) {
    forgetNotices();
    byId('key').focus();
  }
}

/** Keeps the last data, marked as outdated. */
function showSilence(failure) {
  byId('pages').dataset.old = '';
  showStatus('bad', failure.message);
}

/** A counter's growth per second since the last refresh. */
function perSecond(node, name) {
  const seconds = before ? (Date.parse(node.time) - Date.parse(before.time)) / 1000 : 0;
  return seconds > 0 ? Math.max(0, (node.figures[name] - before.figures[name]) / seconds) : 0;
}

function drawNode(node) {
  const { figures } = node;
  document.title = `${node.id} – Drumline console`;
  write(byId('node-id'), node.id);
  showFigures([
    ['Connections', figures.connections],
    ['Subscriptions', figures.subscriptions],
    ['Destinations', figures.destinations],
    ['Published', perSecond(node, 'messages.published'), 'a second'],
    ['Deliveries', perSecond(node, 'deliveries'), 'a second'],
    ['Waiting for clients', ...bytes(figures['queue.bytes'])],
    ['Dropped', figures['messages.dropped'], 'since the start'],
    ['Not accepted', figures['messages.failed'], 'since the start'],
  ]);
  const closes = Object.entries(node.closes).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  showTable('closes', [
    ['Reason', ([reason]) => reason.replaceAll('_', ' ')],
    ['Sockets', ([, count]) => count],
  ], closes, { key: ([reason]) => reason, nothing: 'None since the start.' });
  before = node;
}

const DEGRADED = {
  oom: 'Redis is out of memory',
  noperm: 'Redis permits too little',
  noauth: 'Redis refuses the credentials',
  readonly: 'Redis is a replica',
  loading: 'Redis is loading its data',
  misconf: 'Redis cannot save to disk',
  noreplicas: 'Redis has too few replicas',
  wrongtype: 'A foreign key is in the way',
  unknown_command: 'Redis lacks a command',
  busy: 'Redis is busy with a script',
  eviction: 'Redis may evict keys',
};

function drawStatus({ figures, backplane }, drain) {
  const [problem] = backplane.problems;
  showNote('backplane-note', backplane.problems.map(({ sentence }) => sentence).join(' '));
  if (backplane.state === 'DOWN') {
    showStatus('bad', DEGRADED[problem?.reason] ?? 'Redis is unavailable');
  } else if (problem) {
    showStatus(problem.reason === 'eviction' ? 'wait' : 'bad', DEGRADED[problem.reason] ?? 'Redis refuses commands');
  } else if (figures.draining > 0) {
    showStatus('wait', drain?.stage === 'DRAINED' ? 'Drained' : 'Draining');
  } else {
    showStatus('good', 'Serving');
  }
}

function drawDrain({ stage, connections, planned, closed }) {
  const serving = stage === 'SERVING';
  byId('drain').hidden = !serving || !may(visitor, 'admin');
  byId('serve').hidden = serving || !may(visitor, 'admin');
  byId('drain-progress').hidden = serving;
  write(byId('drain-text'), {
    SERVING: '',
    GRACE: `Takes no new clients. Once load balancers have had time to notice, it closes its sockets: ${connections} open.`,
    CLOSING: `Takes no new clients. ${closed} of ${planned} sockets closed.`,
    DRAINED: 'Takes no new clients, and has none.',
  }[stage]);
  byId('drain-bar').hidden = stage !== 'CLOSING';
  byId('drain-bar').max = Math.max(1, planned ?? 1);
  byId('drain-bar').value = closed ?? 0;
}

function drawNodes({ body, status, sentence }) {
  byId('nodes-section').hidden = status === 404;
  if (!body) {
    showNote('nodes-note', sentence);
    return;
  }
  showNote('nodes-note', body.stale && `As this node knew them ${span(body.age)} ago: all may be otherwise now.`);
  const host = node => node.address.includes(':') ? `[${node.address}]` : node.address;
  showTable('nodes', [
    ['Node', node => node.self ? `${node.id} (this one)` : node.id],
    ['Connections', node => node.connections],
    ['State', node => node.leaseEndsIn < 0 && !body.stale ? 'Not heard of' : node.draining ? 'Draining' : 'Serving'],
    ['Clients', node => `${host(node)}:${node.clientPort}`],
    ['Console', node => {
      const at = `${host(node)}:${node.controlPort}`;
      return node.self ? at : { text: at, href: `${location.protocol}//${at}/console/` };
    }],
    ['Up for', node => span((Date.parse(body.refreshed) - Date.parse(node.started)) / 1000)],
    ['Version', node => node.version],
  ], body.nodes, { key: node => node.incarnation, nothing: 'None.' });
}

function drawRevocations({ body, status, sentence }) {
  byId('revocations-section').hidden = status === 404;
  byId('revoke').hidden = !may(visitor, 'admin');
  showNote('revocations-note', status === 403 ? 'Blocks are shown to keys with the scope admin.' : sentence);
  byId('blocked-title').hidden = byId('revocations').hidden = !body;
  if (body) {
    showTable('revocations', [
      ['Name or id', entry => entry.name],
      ['Kind', entry => entry.kind],
      ['Until', entry => new Date(entry.until)],
      ['Reason', entry => entry.reason],
    ], body.revocations, {
      key: entry => `${entry.kind} ${entry.name}`,
      nothing: 'Nobody is blocked.',
      action: { title: 'Let in again', label: ({ kind, name }) => `Let in again: ${kind} ${name}`, run: lift },
    });
  }
}

/** Changes something in the cluster, shows the result, and refreshes; returns whether it succeeded. */
async function act(change, done, refused = failure => notify('bad', failure.message)) {
  let good = true;
  try {
    const answer = await change();
    notify('good', typeof done === 'function' ? done(answer) : done);
  } catch (failure) {
    good = false;
    if (failure.status !== 401) {
      refused(failure);
    }
  }
  await look();
  return good;
}

async function lift({ kind, name }) {
  // A parameter, since a path cannot contain every name.
  const url = `${REVOCATIONS}?${new URLSearchParams({ [kind]: name })}`;
  await act(() => ask(url, { method: 'DELETE' }), `The ${kind} ${name} may connect again.`);
  byId('revocations-title').focus(); // the button was removed with its row
}

byId('login').addEventListener('submit', async event => {
  event.preventDefault();
  const field = byId('key');
  const key = field.value.trim();
  showRefusal('login-refusal', '');
  if (key === '') {
    showRefusal('login-refusal', 'Enter a key.', field);
    return;
  }
  try {
    await ask('login', { method: 'POST', form: { key } });
    field.value = '';
    await look();
  } catch (failure) {
    showRefusal('login-refusal', failure.message, field);
    field.select();
  }
});

byId('logout').addEventListener('click', async () => {
  try {
    await ask('logout', { method: 'POST' });
    wasInside = false;
  } catch (failure) {
    notify('bad', failure.message);
  }
  await look();
});

byId('drain').addEventListener('click', async () => {
  if (await confirmed('Drain this node?', 'It takes no new clients from now on, and closes the sockets it has, step by step.', 'Drain')) {
    await act(() => ask(DRAIN, { method: 'POST' }), 'The node drains. It can serve again at any time.');
    byId('serve').focus();
  }
});

byId('serve').addEventListener('click', async () => {
  await act(() => ask(DRAIN, { method: 'DELETE' }), 'The node serves again.');
  byId('drain').focus();
});

byId('revoke-time').addEventListener('change', nameTheDeed);

function nameTheDeed() {
  byId('revoke-submit').textContent = byId('revoke-time').value === '' ? 'Kick' : 'Block';
}

byId('revoke').addEventListener('submit', async event => {
  event.preventDefault();
  const [kind, value, time, reason] =
    ['revoke-kind', 'revoke-value', 'revoke-time', 'revoke-reason'].map(id => byId(id).value.trim());
  showRefusal('revoke-refusal', '');
  if (value === '') {
    showRefusal('revoke-refusal', 'Enter a name or an id.', byId('revoke-value'));
    return;
  }
  const who = `${kind} ${value}`;
  const [question, consequence, yes] = time === ''
    ? [`Kick the ${who}?`, 'All of its sockets are closed, on every node. It may come back at once.', 'Kick']
    : [`Block the ${who}?`, `All of its sockets are closed, on every node, and new ones are refused for ${spoken(time)}.`, 'Block'];
  if (await confirmed(question, consequence, yes)) {
    const order = time === '' ? { action: 'kick' } : { action: 'block', for: time };
    const json = { [kind]: value, ...order, ...reason && { reason } };
    const good = await act(
      () => ask(REVOCATIONS, { method: 'POST', json }),
      ({ until, closed, silentNodes }) => until
        ? `The ${who} is blocked until ${moment(until)}.`
        : kicked(who, closed, silentNodes),
      ({ message, field }) => showRefusal('revoke-refusal', message, field && byId(field === 'reason' ? 'revoke-reason' : 'revoke-value')));
    if (good) {
      byId('revoke-value').value = byId('revoke-reason').value = '';
    }
  }
});

const kicked = (who, closed, silent) => {
  const unknown = silent ? ` ${silent} of the nodes did not answer.` : '';
  return closed === 0
    ? `Nobody is connected as ${who}: nothing was closed.${unknown}`
    : `The ${who} was kicked. ${closed} ${closed === 1 ? 'connection was' : 'connections were'} closed.${unknown}`;
};

const spoken = time => byId('revoke-time').querySelector(`[value="${time}"]`).textContent.replace('Block for ', '');

// No requests while the page is hidden, so that a login expires in the background.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    look();
  }
});

nameTheDeed();
look();
