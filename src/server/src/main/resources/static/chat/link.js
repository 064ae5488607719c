import { asksForSignIn, sentenceOf, whenToReconnect, windowOf } from './closing.js';
import { Backoff, shuffled } from './endpoints.js';

const CONNECT_TIMEOUT = 8_000;
/** Milliseconds after which a connection counts as a success and ends the back-off. */
const LASTING = 10_000;

/** Any client may publish invalid JSON; an exception here would break STOMP.js's parser. */
function read(body) {
  try {
    return JSON.parse(body) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * A STOMP connection that reconnects as the close codes allow: after each failure to the next
 * endpoint, after a random and growing wait. Followed destinations resume where they were.
 *
 * `onUp(frame)` is called at each CONNECTED, after followed destinations were subscribed again;
 * `onDown(error)` when a connection has ended and another attempt follows; `onStopped(sentence,
 * signIn)` when the server's answer was final, and only `start` tries again.
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
      // The wait itself is in beforeConnect: STOMP.js has no jitter.
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
   * Connects, or reconnects, with these headers in CONNECT.
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
   * Follows a destination across connections: messages in order, without duplicates or losses.
   *
   * `take(content)` is called with each message, `gap({ reason, missed })` in place of messages
   * that cannot be recovered, `began()` when the history has been replayed.
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
      followed.last ??= headers.position; // so that nothing before the first message is lost
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
