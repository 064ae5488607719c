// wsload: a load generator for WebSocket servers that push (one epoll thread). It speaks any text protocol by two small
// scripts, one of subscribers and one of the publisher, so that every server gets the same load.
//
// usage: wsload --urls host:port/path[,host:port/path...] --n N --sub FILE [--pub FILE --msgs M --rate R --size S]
//     [--proto SUBPROTOCOL] [--match PREFIX] [--many] [--pids PID,PID] [--settle SEC] [--rampup CONNS_PER_SEC]
//     [--timeout SEC] [--origin O] [--idle SEC] [--puburl host:port/path] [--npub K]
//
// A line of a script: '> text' sends a text frame, '< prefix' waits for a frame that begins with the prefix.
//   \n \r \0 \\ are escapes; %I is the connection's index, %T the time in nanoseconds (20 digits), %P padding of
//   --size bytes, %S the message's number. The publisher's last line is repeated M times at R a second (0: as fast as
//   the socket takes it).
// Deliveries are data frames that begin with --match (MESSAGE by default); with --many, occurrences in all frames.
// CPU and memory are those of the processes in --pids. Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  int send;
  char* txt;
  size_t len;
} Step;
typedef struct {
  Step s[32];
  int n;
} Script;
typedef struct {
  int fd, state, step, idx, ispub, tgt;
  char* buf;
  size_t len, cap;
  char* out;
  size_t olen, ocap;
  long got;
  uint64_t t0;
} Conn;
enum { CONNECTING, HANDSHAKE, SETUP, READY, DEAD };

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}
static Script sub, pub;
static int ep;
static char* match = "MESSAGE";
static int many = 0, size_ = 64;
static char *proto = NULL, *origin = NULL;
static char host[16][64];
static int port[16];
static char path[16][256];
static int ntgt = 0, pubtgt = -1;
static long deliveries = 0, dead = 0, ready = 0, errors = 0;
static uint64_t bytes_in = 0;
static uint32_t* lat;
static long nlat = 0, caplat = 0;
static uint64_t last_delivery = 0, first_delivery = 0;
static int measuring = 0;
static uint32_t* hs;
static long nhs = 0;

static void unesc(const char* a, Step* st) {
  char* o = malloc(strlen(a) + 1);
  size_t n = 0;
  for (; *a; a++) {
    if (*a == '\\' && a[1]) {
      a++;
      o[n++] = *a == 'n' ? '\n' : *a == '0' ? 0 : *a == 'r' ? '\r' : *a;
    } else o[n++] = *a;
  }
  o[n] = 0;
  st->txt = o;
  st->len = n;
}
static void load(const char* f, Script* s) {
  FILE* h = fopen(f, "r");
  if (!h) {
    perror(f);
    exit(2);
  }
  char l[65536];
  while (fgets(l, sizeof l, h)) {
    size_t n = strlen(l);
    while (n && (l[n - 1] == '\n')) l[--n] = 0;
    if (n < 2 || l[0] == '#') continue;
    s->s[s->n].send = l[0] == '>';
    unesc(l + 2, &s->s[s->n]);
    s->n++;
  }
  fclose(h);
}
static long seqno = 0;
static size_t expand(Step* st, int idx, char* o) {
  size_t n = 0;
  for (size_t i = 0; i < st->len; i++) {
    char c = st->txt[i];
    if (c == '%' && i + 1 < st->len) {
      char d = st->txt[i + 1];
      if (d == 'I') {
        n += sprintf(o + n, "%d", idx);
        i++;
        continue;
      }
      if (d == 'T') {
        n += sprintf(o + n, "%020llu", (unsigned long long)now());
        i++;
        continue;
      }
      if (d == 'S') {
        n += sprintf(o + n, "%ld", seqno);
        i++;
        continue;
      }
      if (d == 'P') {
        memset(o + n, 'x', size_);
        n += size_;
        i++;
        continue;
      }
    }
    o[n++] = c;
  }
  return n;
}
static void want(Conn* c, int w) {
  struct epoll_event e = {.events = EPOLLIN | (w ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}
static void die(Conn* c) {
  if (c->state == DEAD) return;
  if (c->state == READY) ready--;
  c->state = DEAD;
  dead++;
  close(c->fd);
}
static void flushc(Conn* c) {
  while (c->olen) {
    ssize_t w = write(c->fd, c->out, c->olen);
    if (w <= 0) {
      if (errno == EAGAIN) {
        want(c, 1);
        return;
      }
      die(c);
      return;
    }
    memmove(c->out, c->out + w, c->olen - w);
    c->olen -= w;
  }
  want(c, 0);
}
static void put(Conn* c, const void* d, size_t n) {
  if (c->olen + n > c->ocap) {
    c->ocap = (c->olen + n) * 2;
    c->out = realloc(c->out, c->ocap);
  }
  memcpy(c->out + c->olen, d, n);
  c->olen += n;
}
static void frame(Conn* c, int op, const char* d, size_t n) {
  unsigned char h[14];
  size_t k = 2;
  h[0] = 0x80 | op;
  if (n < 126) h[1] = 0x80 | n;
  else if (n < 65536) {
    h[1] = 0x80 | 126;
    h[2] = n >> 8;
    h[3] = n;
    k = 4;
  } else {
    h[1] = 0x80 | 127;
    for (int i = 0; i < 8; i++) h[2 + i] = (uint64_t)n >> (56 - 8 * i);
    k = 10;
  }
  memset(h + k, 0, 4);
  k += 4;
  put(c, h, k);
  put(c, d, n);
}
static void advance(Conn* c) {
  static char o[1 << 20];
  Script* s = c->ispub ? &pub : &sub;
  int lim = c->ispub ? s->n - 1 : s->n;
  while (c->state == SETUP && c->step < lim && s->s[c->step].send) {
    size_t n = expand(&s->s[c->step], c->idx, o);
    frame(c, 1, o, n);
    c->step++;
  }
  flushc(c);
  if (c->state == SETUP && c->step >= lim) {
    c->state = READY;
    ready++;
    hs[nhs++] = (now() - c->t0) / 1000;
  }
}
static void delivery(Conn* c, const char* p, size_t n) {
  uint64_t t = now();
  deliveries++;
  c->got++;
  if (!first_delivery) first_delivery = t;
  last_delivery = t;
  if (measuring) {
    const char* q = memmem(p, n, "T:", 2);
    if (q && q + 22 <= p + n) {
      uint64_t v = 0;
      for (int i = 0; i < 20; i++) {
        if (q[2 + i] < '0' || q[2 + i] > '9') {
          v = 0;
          break;
        }
        v = v * 10 + (q[2 + i] - '0');
      }
      if (v && t > v && nlat < caplat) lat[nlat++] = (t - v) / 1000;
    }
  }
}
static void data(Conn* c, const char* p, size_t n) {
  size_t ml = strlen(match);
  if (c->state == SETUP) {
    Script* s = c->ispub ? &pub : &sub;
    if (c->step < s->n && !s->s[c->step].send) {
      Step* st = &s->s[c->step];
      if (n >= st->len && !memcmp(p, st->txt, st->len)) {
        c->step++;
        advance(c);
        return;
      }
      if (n >= 5 && !memcmp(p, "ERROR", 5)) {
        errors++;
        if (errors < 4) fprintf(stderr, "setup: %.*s\n", (int)(n > 300 ? 300 : n), p);
      }
    }
  }
  if (many) {
    const char* e = p + n;
    while ((p = memmem(p, e - p, match, ml))) {
      delivery(c, p, e - p);
      p += ml;
    }
    return;
  }
  if (n >= ml && !memcmp(p, match, ml)) delivery(c, p, n);
  else if (n >= 5 && !memcmp(p, "ERROR", 5)) {
    errors++;
    if (errors < 4) fprintf(stderr, "%.*s\n", (int)(n > 300 ? 300 : n), p);
  } else if (n == 1 && p[0] == '2') {
    frame(c, 1, "3", 1);
    flushc(c);
  }  // engine.io ping
  else if (n == 2 && p[0] == '{' && p[1] == '}') {
    frame(c, 1, "{}", 2);
    flushc(c);
  }  // centrifugo ping
}
static void onread(Conn* c) {
  for (int r = 0; r < 8; r++) {
    if (c->cap - c->len < 4096) {
      c->cap = c->cap ? c->cap * 2 : 8192;
      c->buf = realloc(c->buf, c->cap);
    }
    ssize_t k = read(c->fd, c->buf + c->len, c->cap - c->len);
    if (k == 0) {
      die(c);
      return;
    }
    if (k < 0) {
      if (errno == EAGAIN) break;
      die(c);
      return;
    }
    c->len += k;
    bytes_in += k;
    size_t off = 0;
    if (c->state == HANDSHAKE) {
      char* e = memmem(c->buf, c->len, "\r\n\r\n", 4);
      if (!e) continue;
      if (memcmp(c->buf, "HTTP/1.1 101", 12)) {
        errors++;
        if (errors < 4) fprintf(stderr, "handshake: %.*s\n", (int)(c->len > 200 ? 200 : c->len), c->buf);
        die(c);
        return;
      }
      off = e + 4 - c->buf;
      c->state = SETUP;
      advance(c);
      if (c->state == DEAD) return;
    }
    while (c->len - off >= 2) {
      unsigned char* h = (unsigned char*)c->buf + off;
      size_t n = h[1] & 127, k2 = 2;
      if (n == 126) {
        if (c->len - off < 4) break;
        n = h[2] << 8 | h[3];
        k2 = 4;
      } else if (n == 127) {
        if (c->len - off < 10) break;
        n = 0;
        for (int i = 0; i < 8; i++) n = n << 8 | h[2 + i];
        k2 = 10;
      }
      if (c->len - off < k2 + n) break;
      int op = h[0] & 15;
      char* p = c->buf + off + k2;
      if (op == 8) {
        die(c);
        return;
      } else if (op == 9) {
        frame(c, 10, p, n);
        flushc(c);
      } else if (op <= 2) data(c, p, n);
      if (c->state == DEAD) return;
      off += k2 + n;
    }
    if (off) {
      memmove(c->buf, c->buf + off, c->len - off);
      c->len -= off;
    }
    if (c->len == 0 && c->cap > 16384) {
      free(c->buf);
      c->buf = NULL;
      c->cap = 0;
    }
  }
}
static Conn* dial(int idx, int ispub) {
  Conn* c = calloc(1, sizeof *c);
  c->idx = idx;
  c->ispub = ispub;
  c->tgt = ispub && pubtgt >= 0 ? pubtgt : idx % ntgt;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) {
    perror("socket");
    exit(2);
  }
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(c->fd, IPPROTO_IP, 24, &one, sizeof one);
  struct sockaddr_in l = {.sin_family = AF_INET};
  char lip[32];
  sprintf(lip, "127.0.%d.%d", 1 + (idx / 20000), 1 + idx % 3);
  inet_pton(AF_INET, lip, &l.sin_addr);
  bind(c->fd, (void*)&l, sizeof l);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port[c->tgt])};
  inet_pton(AF_INET, host[c->tgt], &a.sin_addr);
  c->t0 = now();
  if (connect(c->fd, (void*)&a, sizeof a) < 0 && errno != EINPROGRESS) {
    perror("connect");
    dead++;
  }
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  return c;
}
static void hsend(Conn* c) {
  char o[2048];
  int n = sprintf(o,
      "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
      path[c->tgt], host[c->tgt], port[c->tgt]);
  if (proto) n += sprintf(o + n, "Sec-WebSocket-Protocol: %s\r\n", proto);
  if (origin) n += sprintf(o + n, "Origin: %s\r\n", origin);
  n += sprintf(o + n, "\r\n");
  put(c, o, n);
  c->state = HANDSHAKE;
  flushc(c);
}
static void pump(int ms) {
  struct epoll_event ev[512];
  int n = epoll_wait(ep, ev, 512, ms);
  for (int i = 0; i < n; i++) {
    Conn* c = ev[i].data.ptr;
    if (c->state == DEAD) continue;
    if (c->state == CONNECTING && (ev[i].events & EPOLLOUT)) {
      int er = 0;
      socklen_t l = sizeof er;
      getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &er, &l);
      if (er) {
        if (errors++ < 3) fprintf(stderr, "connect: %s\n", strerror(er));
        die(c);
        continue;
      }
      hsend(c);
      continue;
    }
    if (ev[i].events & (EPOLLHUP | EPOLLERR) && !(ev[i].events & EPOLLIN)) {
      die(c);
      continue;
    }
    if (ev[i].events & EPOLLOUT) flushc(c);
    if (c->state != DEAD && ev[i].events & EPOLLIN) onread(c);
  }
}
static int cmp(const void* a, const void* b) {
  uint32_t x = *(uint32_t*)a, y = *(uint32_t*)b;
  return x < y ? -1 : x > y;
}
static double cpu_of(const char* pids) {
  double s = 0;
  char b[256];
  strncpy(b, pids, 255);
  b[255] = 0;
  for (char* t = strtok(b, ","); t; t = strtok(NULL, ",")) {
    char f[64], l[1024];
    sprintf(f, "/proc/%s/stat", t);
    FILE* h = fopen(f, "r");
    if (!h) continue;
    if (fgets(l, sizeof l, h)) {
      char* p = strrchr(l, ')');
      unsigned long u, k;
      sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &k);
      s += (u + k) / (double)sysconf(_SC_CLK_TCK);
    }
    fclose(h);
  }
  return s;
}
static long rss_of(const char* pids) {
  long s = 0;
  char b[256];
  strncpy(b, pids, 255);
  b[255] = 0;
  for (char* t = strtok(b, ","); t; t = strtok(NULL, ",")) {
    char f[64], l[256];
    sprintf(f, "/proc/%s/status", t);
    FILE* h = fopen(f, "r");
    if (!h) continue;
    while (fgets(l, sizeof l, h))
      if (!strncmp(l, "VmRSS:", 6)) s += atol(l + 6);
    fclose(h);
  }
  return s;
}
int main(int ac, char** av) {
  int n = 100;
  long msgs = 0;
  double rate = 0;
  double settle = 1, timeout = 60, idle = 0;
  double ramp = 2000;
  char *pids = "", *urls = NULL, *puburl = NULL;
  int npub = 1;
  for (int i = 1; i < ac; i++) {
    char* a = av[i];
#define A(x) (!strcmp(a, x) && ++i < ac)
    if (A("--urls")) urls = av[i];
    else if (A("--n")) n = atoi(av[i]);
    else if (A("--sub")) load(av[i], &sub);
    else if (A("--pub")) load(av[i], &pub);
    else if (A("--msgs")) msgs = atol(av[i]);
    else if (A("--rate")) rate = atof(av[i]);
    else if (A("--size")) size_ = atoi(av[i]);
    else if (A("--proto")) proto = av[i];
    else if (A("--match")) match = av[i];
    else if (!strcmp(a, "--many")) many = 1;
    else if (A("--pids")) pids = av[i];
    else if (A("--settle")) settle = atof(av[i]);
    else if (A("--rampup")) ramp = atof(av[i]);
    else if (A("--timeout")) timeout = atof(av[i]);
    else if (A("--idle")) idle = atof(av[i]);
    else if (A("--origin")) origin = av[i];
    else if (A("--puburl")) puburl = av[i];
    else if (A("--npub")) npub = atoi(av[i]);
    else {
      fprintf(stderr, "bad arg %s\n", a);
      return 2;
    }
  }
  for (char* t = strtok(strdup(urls), ","); t; t = strtok(NULL, ",")) {
    char* s = strchr(t, '/');
    strcpy(path[ntgt], s ? s : "/");
    if (s) *s = 0;
    char* k = strchr(t, ':');
    *k = 0;
    strcpy(host[ntgt], t);
    port[ntgt] = atoi(k + 1);
    ntgt++;
  }
  if (puburl) {
    char* t = strdup(puburl);
    char* x = strchr(t, '/');
    strcpy(path[15], x ? x : "/");
    if (x) *x = 0;
    char* k = strchr(t, ':');
    *k = 0;
    strcpy(host[15], t);
    port[15] = atoi(k + 1);
    pubtgt = 15;
  }
  struct rlimit rl;
  getrlimit(RLIMIT_NOFILE, &rl);
  rl.rlim_cur = rl.rlim_max;
  setrlimit(RLIMIT_NOFILE, &rl);
  ep = epoll_create1(0);
  hs = malloc(sizeof *hs * (n + npub + 10));
  Conn** cs = calloc(n + npub, sizeof *cs);
  long rss0 = rss_of(pids);
  double c0 = cpu_of(pids);
  uint64_t t0 = now();
  int made = 0;
  uint64_t deadline = t0 + (uint64_t)(timeout * 1e9);
  while ((made < n || ready + dead < made) && now() < deadline) {
    int due = ramp > 0 ? (int)((now() - t0) / 1e9 * ramp) + 1 : n;
    int inflight = made - ready - dead;
    while (made < n && made < due && inflight < 512) {
      cs[made] = dial(made, 0);
      made++;
      inflight++;
    }
    pump(1);
  }
  double tconn = (now() - t0) / 1e9;
  double cconn = cpu_of(pids) - c0;
  for (int k = 0; k < npub && pub.n; k++) { cs[n + k] = dial(n + k, 1); }
  uint64_t tp = now();
  while (pub.n && ready + dead < n + npub && now() - tp < 5000000000ull) pump(1);
  uint64_t ts = now();
  while (now() - ts < (uint64_t)(settle * 1e9)) pump(10);
  long rss1 = rss_of(pids);
  qsort(hs, nhs, 4, cmp);
  double cidle = cpu_of(pids);
  if (idle > 0) {
    ts = now();
    while (now() - ts < (uint64_t)(idle * 1e9)) pump(10);
  }
  cidle = cpu_of(pids) - cidle;
  long alive = ready;
  long expect = msgs * (alive - (pub.n ? npub : 0));
  caplat = expect + 16 > 20000000 ? 20000000 : expect + 16;
  lat = malloc(sizeof *lat * caplat);
  long d0 = deliveries;
  first_delivery = 0;
  measuring = 1;
  double c1 = cpu_of(pids);
  struct rusage ru0;
  getrusage(RUSAGE_SELF, &ru0);
  uint64_t tm = now();
  last_delivery = tm;
  static char o[1 << 20];
  if (pub.n && msgs) {
    Step* tpl = &pub.s[pub.n - 1];
    uint64_t stall = now();
    long prev = -1;
    while (deliveries - d0 < expect) {
      uint64_t t = now();
      long due = rate > 0 ? (long)((t - tm) / 1e9 * rate) + 1 : msgs;
      while (seqno < msgs && seqno < due) {
        Conn* p = cs[n + seqno % npub];
        if (p->state == DEAD) break;
        if (p->olen > 1 << 16) {
          pump(0);
          continue;
        }
        size_t k = expand(tpl, p->idx, o);
        frame(p, 1, o, k);
        flushc(p);
        seqno++;
        if ((seqno & 15) == 0) break;
      }
      pump(seqno < msgs && rate == 0 ? 0 : 1);
      if (deliveries != prev) {
        prev = deliveries;
        stall = now();
      }
      if (now() - stall > 10000000000ull) break;
      if (now() - tm > (uint64_t)(timeout * 1e9)) break;
    }
  }
  double cpu = cpu_of(pids) - c1;
  struct rusage ru1;
  getrusage(RUSAGE_SELF, &ru1);
  double wall = (last_delivery - tm) / 1e9;
  long got = deliveries - d0;
  long rss2 = rss_of(pids);
  qsort(lat, nlat, 4, cmp);
#define L(q) (nlat ? lat[(long)((nlat - 1) * q)] / 1000.0 : 0)
  double self = (ru1.ru_utime.tv_sec - ru0.ru_utime.tv_sec) + (ru1.ru_utime.tv_usec - ru0.ru_utime.tv_usec) / 1e6 +
                (ru1.ru_stime.tv_sec - ru0.ru_stime.tv_sec) + (ru1.ru_stime.tv_usec - ru0.ru_stime.tv_usec) / 1e6;
  printf(
      "{\"conns\":%ld,\"dead\":%ld,\"errors\":%ld,\"connect_s\":%.2f,\"connect_cpu_us\":%.0f,\"hs_p50_ms\":%."
      "1f,\"hs_p99_ms\":%.1f,\"rss_base_kb\":%ld,\"rss_conn_kb\":%ld,\"kb_per_conn\":%.1f,\"idle_cpu_pct\":%."
      "1f,\"expected\":%ld,\"got\":%ld,\"wall_s\":%.3f,\"deliv_per_s\":%.0f,\"server_cpu_s\":%.2f,\"server_"
      "cpu_us_per_deliv\":%.2f,\"client_cpu_us_per_deliv\":%.2f,\"lat_ms\":{\"p50\":%.2f,\"p90\":%.2f,"
      "\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f},\"rss_end_kb\":%ld,\"bytes_in\":%llu}\n",
      alive, dead, errors, tconn, made ? cconn / made * 1e6 : 0, nhs ? hs[nhs / 2] / 1000.0 : 0,
      nhs ? hs[(long)(nhs * 0.99)] / 1000.0 : 0, rss0, rss1, n ? (rss1 - rss0) / (double)n : 0,
      idle > 0 ? cidle / idle * 100 : 0, expect, got, wall, wall > 0 ? got / wall : 0, cpu, got ? cpu / got * 1e6 : 0,
      got ? self / got * 1e6 : 0, L(.5), L(.9), L(.99), L(.999), L(1), rss2, (unsigned long long)bytes_in);
  return got == expect && !dead ? 0 : 1;
}
