import { asksForSignIn, sentenceOf, whenToReconnect, windowOf } from './closing.js';
import { Backoff, shuffled } from './endpoints.js';

const CONNECT_TIMEOUT = 8_000;
/** A session that has lasted this long ends the back-off. */
const LASTING = 10_000;

/** Anybody may publish what is no JSON; a failure here would leave STOMP.js's parser in mid-frame. */
function read(body) {
  try {
    return JSON.parse(body) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * A STOMP connection that comes back by itself, as its close codes allow: each failure moves on to
 * the next endpoint, after a random wait that grows. What it follows goes on where it was.
 *
 * `onUp(frame)` is called at each CONNECTED, when what is followed is subscribed again; `onDown(error)`
 * once a connection has ended and another will be tried; `onStopped(sentence, signIn)` where the
 * server's answer was final, and only `start` tries again.
 */
export class Link {
  #endpoints;
  #at = 0;
  #backoff = new Backoff();
  #client;
  #credentials = {};
  #followed = new Map();
  #receipts = 0;
  #error;
  #lasting;
  #wake = () => {};

  constructor(Client, endpoints, { onUp, onDown, onStopped }) {
    this.#endpoints = shuffled(endpoints);
    this.#client = new Client({
      webSocketFactory: () => new WebSocket(this.endpoint, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
      connectionTimeout: CONNECT_TIMEOUT,
      heartbeatIncoming: 10_000,
      heartbeatOutgoing: 10_000,
      // A dead network never answers the closing handshake: do not wait for it.
      discardWebsocketOnCommFailure: true,
      // The wait itself is in beforeConnect: STOMP.js knows no jitter.
      reconnectDelay: 1,
      beforeConnect: async client => {
        await this.#pause();
        client.connectHeaders = { ...this.#credentials };
        this.#error = undefined;
      },
      onConnect: frame => {
        this.#lasting = setTimeout(() => this.#backoff.succeeded(), LASTING);
        this.#followed.forEach(followed => this.#resume(followed));
        onUp(frame);
      },
      onWebSocketClose: ({ code, reason }) => {
        clearTimeout(this.#lasting);
        if (!this.#client.active) {
          return; // ended by `start`
        }
        const when = whenToReconnect(code);
        if (when === 'never') {
          this.#client.deactivate();
          onStopped(sentenceOf(code, this.#error), asksForSignIn(code));
          return;
        }
        this.#backoff.failed(when === 'later' ? windowOf(reason) * 1000 : 0);
        this.#at = (this.#at + 1) % this.#endpoints.length;
        onDown(this.#error);
      },
      onStompError: frame => {
        this.#error = frame.headers.message;
      },
    });
  }

  get endpoint() {
    return this.#endpoints[this.#at];
  }

  get up() {
    return this.#client.connected;
  }

  /**
   * Connects, or connects again with these headers of CONNECT.
   *
   * @param credentials `{Authorization}`, `{login, passcode}` or nothing
   */
  async start(credentials = {}) {
    this.#credentials = credentials;
    this.#backoff.succeeded();
    this.#wake();
    await this.#client.deactivate();
    this.#client.activate();
  }

  subscribe(destination, take) {
    return this.#client.subscribe(destination, message => {
      const content = read(message.body);
      if (content !== undefined) {
        take(content);
      }
    });
  }

  /**
   * Follows a destination over all connections: in order, none twice, none missing.
   *
   * `take(content)` gets each message, `gap({ reason, missed })` stands for what could not be had,
   * `began()` is called when the past has been told.
   */
  follow(destination, replay, { take, gap, began }) {
    const followed = { destination, replay, take, gap, began, last: undefined };
    this.#followed.set(destination, followed);
    if (this.up) {
      this.#resume(followed);
    }
  }

  send(destination, body, headers) {
    this.#client.publish({
      destination,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  #resume(followed) {
    const receipt = `followed-${++this.#receipts}`;
    const from = followed.last === undefined
      ? { 'resume-after': '*', replay: String(followed.replay) }
      : { 'resume-after': followed.last };
    this.#client.watchForReceipt(receipt, ({ headers }) => {
      followed.last ??= headers.position; // what is published before the first message comes, counts
      followed.began();
    });
    this.#client.subscribe(followed.destination, ({ headers, body }) => {
      followed.last = headers['message-id'];
      if ((headers['drumline-event'] ?? headers.event) === 'gap') {
        followed.gap({ reason: headers['drumline-reason'] ?? headers.reason, missed: headers['drumline-missed'] ?? headers.missed });
        return;
      }
      const content = read(body);
      if (content !== undefined) {
        followed.take(content);
      }
    }, { ...from, receipt });
  }

  #pause() {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, this.#backoff.next());
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
