import { endpointsOf } from './endpoints.js';
import { Link } from './link.js';
import { addMessage, showMessages, showRooms, showStatus, updateMessage } from './view.js';

const KEPT = 500;
const ANSWER_TIMEOUT = 10_000;
const NAME_KEY = 'drumline.name';
const ROOM_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

const byId = id => document.getElementById(id);
const nameField = byId('name');
const textField = byId('text');

/** Messages of each room: `{room, name, text, time, node, ref, own, state, reason}`. */
const rooms = new Map();
const unread = new Map();
/** Own messages that have not come back yet, by ref. */
const awaited = new Map();
const subscribed = new Set();
const page = randomName();
let link;
let current = ROOM_PATTERN.test(location.hash.slice(1)) ? location.hash.slice(1) : undefined;
let refusal;
let sent = 0;

function randomName() {
  return [...crypto.getRandomValues(new Uint8Array(9))].map(octet => octet.toString(36)).join('');
}

function addRoom(room) {
  if (!rooms.has(room)) {
    rooms.set(room, []);
  }
  if (link?.up && !subscribed.has(room)) {
    subscribed.add(room);
    link.subscribe(`/topic/rooms.${room}`, message => received(room, message));
  }
}

function choose(room) {
  addRoom(room);
  current = room;
  unread.delete(room);
  history.replaceState(null, '', `#${room}`);
  drawRooms();
  showMessages(rooms.get(room), retry);
}

function drawRooms() {
  showRooms([...rooms.keys()], current, unread, choose);
}

function keep(room, entry) {
  const entries = rooms.get(room);
  const previous = entries.at(-1);
  entries.push(entry);
  if (entries.length > KEPT) {
    entries.shift();
  }
  if (room === current) {
    addMessage(entry, previous, retry);
  }
}

/** Anybody may publish to a topic, so that what comes need not be what the chat controller wrote. */
function isMessage({ name, text, time, ref }) {
  return typeof name === 'string' && name !== ''
    && typeof text === 'string'
    && !Number.isNaN(Date.parse(time))
    && (ref === null || typeof ref === 'string');
}

function received(room, message) {
  if (!isMessage(message)) {
    return;
  }
  const known = message.ref && rooms.get(room).find(entry => entry.ref === message.ref);
  if (known) { // our own, or the same again after a retry
    Object.assign(known, { time: new Date(message.time), node: message.node });
    settle(known, 'sent');
    return;
  }
  keep(room, { ...message, room, time: new Date(message.time), own: false, state: 'sent' });
  if (room !== current || document.hidden) {
    unread.set(room, (unread.get(room) ?? 0) + 1);
    drawRooms();
  }
}

function settle(entry, state, reason) {
  clearTimeout(awaited.get(entry.ref));
  awaited.delete(entry.ref);
  Object.assign(entry, { state, reason });
  if (entry.room === current) {
    updateMessage(entry, retry);
  }
}

function dispatch(entry) {
  if (!link?.up) {
    settle(entry, 'unsent', 'Not sent: there is no connection.');
    return;
  }
  awaited.set(entry.ref, setTimeout(() => settle(entry, 'unsent', 'No answer yet.'), ANSWER_TIMEOUT));
  link.send(`/app/rooms/${entry.room}`, { name: entry.name, text: entry.text }, { ref: entry.ref });
}

/** With the same ref, so that a message that did arrive the first time shows once. */
function retry(entry) {
  settle(entry, 'sending');
  dispatch(entry);
}

function write(text) {
  const entry = {
    room: current,
    name: nameField.value.trim(),
    text,
    time: new Date(),
    ref: `${page}-${++sent}`,
    own: true,
    state: 'sending',
  };
  keep(current, entry);
  dispatch(entry);
}

function entryOf(ref) {
  return [...rooms.values()].flat().find(entry => entry.own && entry.ref === ref);
}

function connected(frame) {
  refusal = undefined;
  subscribed.clear();
  const node = frame.headers.node;
  showStatus('up', node ? `Served by node ${node}` : 'Connected');
  link.subscribe('/user/queue/refusals', ({ ref, reason }) => {
    const entry = entryOf(ref);
    if (entry) {
      settle(entry, 'unsent', reason);
    }
  });
  link.subscribe('/app/rooms', names => {
    names.forEach(addRoom);
    if (current === undefined) {
      choose(names[0]);
    }
    drawRooms();
  });
  [...rooms.keys()].forEach(addRoom);
}

function disconnected() {
  for (const ref of [...awaited.keys()]) {
    settle(entryOf(ref), 'unsent', 'Not sent: the connection was lost.');
  }
  showStatus('down', refusal ?? `No connection; trying ${new URL(link.endpoint).host}`);
}

function submitMessage() {
  const text = textField.value.trim();
  if (nameField.value.trim() === '') {
    nameField.focus();
    nameField.setCustomValidity('Tell the others your name first.');
    nameField.reportValidity();
  } else if (text !== '' && current !== undefined) {
    write(text);
    textField.value = '';
    fitText();
  }
}

function fitText() {
  textField.style.height = 'auto';
  textField.style.height = `${textField.scrollHeight + 2}px`;
}

function listen() {
  nameField.value = stored(NAME_KEY) ?? '';
  nameField.addEventListener('input', () => {
    nameField.setCustomValidity('');
    store(NAME_KEY, nameField.value.trim());
  });
  textField.addEventListener('input', fitText);
  textField.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submitMessage();
    }
  });
  byId('compose').addEventListener('submit', event => {
    event.preventDefault();
    submitMessage();
    textField.focus();
  });
  byId('join').addEventListener('submit', event => {
    event.preventDefault();
    const field = byId('new-room');
    const room = field.value.trim().toLowerCase();
    if (ROOM_PATTERN.test(room)) {
      field.value = '';
      choose(room);
    } else {
      field.reportValidity();
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && unread.delete(current)) {
      drawRooms();
    }
  });
}

// Browsers may forbid storage: the name is then asked for each time.
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // not kept
  }
}

async function start() {
  listen();
  if (current !== undefined) {
    choose(current);
  }
  const answer = await fetch('chat/settings');
  if (!answer.ok) {
    throw new Error(`The settings could not be loaded (${answer.status}).`);
  }
  const settings = await answer.json();
  await import(settings.stomp); // a classic script: it sets a global
  link = new Link(globalThis.StompJs.Client, endpointsOf(location, settings), {
    onUp: connected,
    onDown: disconnected,
    onRefused: sentence => {
      refusal = sentence;
    },
  });
  link.start();
}

start().catch(error => showStatus('down', error.message));
