// wsfloor: the limit that a push server can reach on this machine: a C server that does nothing but write. It answers
// the handshake, CONNECT and SUBSCRIBE, and copies every SEND body to all sockets as one frame, encoded once.
//
// usage: wsfloor PORT [THREADS]
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
typedef struct {
  int fd;
  int up;
  int sub;
  char b[4096];
  int n;
} C;
typedef struct {
  int ep, ev, n, cap;
  C** c;
  pthread_mutex_t m;
  struct {
    char* d;
    int n;
  } q[65536];
  int qh, qt;
} T;
static T t[8];
static int nt = 2;
static char acc[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n";
static int wframe(char* o, const char* p, int n) {
  int k = 2;
  o[0] = (char)0x81;
  if (n < 126) o[1] = n;
  else {
    o[1] = 126;
    o[2] = n >> 8;
    o[3] = n;
    k = 4;
  }
  memcpy(o + k, p, n);
  return k + n;
}
static void pub(const char* body, int n) {
  char m[8192], f[8300];
  int h = sprintf(m,
      "MESSAGE\nsubscription:sub-0\ndestination:/topic/bench\ncontent-type:text/"
      "plain\nmessage-id:000001\ncontent-length:%d\n\n",
      n);
  memcpy(m + h, body, n);
  m[h + n] = 0;
  int k = wframe(f, m, h + n + 1);
  for (int i = 0; i < nt; i++) {
    char* d = malloc(k);
    memcpy(d, f, k);
    pthread_mutex_lock(&t[i].m);
    t[i].q[t[i].qt & 65535].d = d;
    t[i].q[t[i].qt & 65535].n = k;
    t[i].qt++;
    pthread_mutex_unlock(&t[i].m);
    uint64_t one = 1;
    if (write(t[i].ev, &one, 8) < 0) {}
  }
}
static void rd(T* s, C* c) {
  int k = read(c->fd, c->b + c->n, sizeof c->b - c->n);
  if (k <= 0) {
    if (k < 0 && errno == EAGAIN) return;
    close(c->fd);
    for (int i = 0; i < s->n; i++)
      if (s->c[i] == c) {
        s->c[i] = s->c[--s->n];
        break;
      }
    free(c);
    return;
  }
  c->n += k;
  if (!c->up) {
    if (!memmem(c->b, c->n, "\r\n\r\n", 4)) return;
    c->up = 1;
    c->n = 0;
    if (write(c->fd, acc, sizeof acc - 1) < 0) {}
    return;
  }
  int off = 0;
  while (c->n - off >= 6) {
    unsigned char* h = (void*)c->b + off;
    int n = h[1] & 127, k2 = 6;
    if (n == 126) {
      n = h[2] << 8 | h[3];
      k2 = 8;
    }
    if (c->n - off < k2 + n) break;
    char* p = c->b + off + k2;
    unsigned char* mk = (void*)(p - 4);
    for (int i = 0; i < n; i++) p[i] ^= mk[i & 3];
    if (n > 7 && !memcmp(p, "CONNECT", 7)) {
      char o[64];
      int q = wframe(o, "CONNECTED\nversion:1.2\n\n\0", 24);
      if (write(c->fd, o, q) < 0) {}
    } else if (n > 9 && !memcmp(p, "SUBSCRIBE", 9)) {
      c->sub = 1;
      s->c = realloc(s->c, (s->n + 1) * sizeof *s->c);
      s->c[s->n++] = c;
    } else if (n > 4 && !memcmp(p, "SEND", 4)) {
      char* b = memmem(p, n, "\n\n", 2) + 2;
      pub(b, n - (b - p) - 1);
    }
    off += k2 + n;
  }
  memmove(c->b, c->b + off, c->n - off);
  c->n -= off;
}
static void* run(void* a) {
  T* s = a;
  struct epoll_event ev[256];
  for (;;) {
    int n = epoll_wait(s->ep, ev, 256, -1);
    for (int i = 0; i < n; i++) {
      if (!ev[i].data.ptr) {
        uint64_t v;
        if (read(s->ev, &v, 8) < 0) {}
        for (;;) {
          pthread_mutex_lock(&s->m);
          if (s->qh == s->qt) {
            pthread_mutex_unlock(&s->m);
            break;
          }
          char* d = s->q[s->qh & 65535].d;
          int k = s->q[s->qh & 65535].n;
          s->qh++;
          pthread_mutex_unlock(&s->m);
          for (int j = 0; j < s->n; j++)
            if (write(s->c[j]->fd, d, k) < 0) {}
          free(d);
        }
      } else rd(s, ev[i].data.ptr);
    }
  }
}
int main(int ac, char** av) {
  if (ac > 2) nt = atoi(av[2]);
  int l = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, 4);
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons(atoi(av[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(l, (void*)&a, sizeof a) || listen(l, 4096)) {
    perror("listen");
    return 1;
  }
  for (int i = 0; i < nt; i++) {
    t[i].ep = epoll_create1(0);
    t[i].ev = eventfd(0, EFD_NONBLOCK);
    pthread_mutex_init(&t[i].m, 0);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = 0};
    epoll_ctl(t[i].ep, EPOLL_CTL_ADD, t[i].ev, &e);
    pthread_t p;
    pthread_create(&p, 0, run, &t[i]);
  }
  for (int r = 0;; r++) {
    int f = accept4(l, 0, 0, SOCK_NONBLOCK);
    if (f < 0) continue;
    setsockopt(f, IPPROTO_TCP, TCP_NODELAY, &one, 4);
    C* c = calloc(1, sizeof *c);
    c->fd = f;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(t[r % nt].ep, EPOLL_CTL_ADD, f, &e);
  }
}
