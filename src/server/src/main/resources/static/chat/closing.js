/** How a client reacts to a close code. docs/close-codes.md lists the codes. */

const NEVER = new Set([1000, 1002, 1007, 1009, 4005, 4007, 4008, 4009, 4011, 4012]);
const LATER = new Set([1001, 1011, 1012, 1013, 4003, 4010, 4013, 4014]);
const SIGN_IN = new Set([4007, 4009]);
const LATER_SECONDS = 10;

const SENTENCES = new Map([
  [4005, 'This chat was opened by another connection with the same client-id.'],
  [4007, 'Sign in to chat here.'],
  [4008, 'You may not do that here.'],
  [4009, 'Your token has expired: sign in again.'],
  [4011, 'You are blocked here.'],
  [4012, 'An operator has disconnected you.'],
]);

/** `never`: the same would happen again; `later`: at random within a window; `now`. */
export function whenToReconnect(code) {
  if (NEVER.has(code)) {
    return 'never';
  }
  return LATER.has(code) ? 'later' : 'now';
}

/** Whether other credentials could help. */
export function asksForSignIn(code) {
  return SIGN_IN.has(code);
}

/** The seconds over which clients should reconnect: the reason may contain `within 30 s`. */
export function windowOf(reason) {
  const said = /(\d+) ?s\b/.exec(reason ?? '');
  return said ? Math.min(Number(said[1]), 300) : LATER_SECONDS;
}

/** One sentence for people; the server's own if it sent an ERROR. */
export function sentenceOf(code, error) {
  return error ?? SENTENCES.get(code) ?? `The server has ended the connection (${code}).`;
}
