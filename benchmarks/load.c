/* Load on the respondents' pages, over loopback only, bounded in count and in time.
 *
 *   load PORT CONNECTIONS SECONDS LIMIT MODE FORM_PATH POST_PATH ANSWERS
 *
 * MODE form:    fetch the form again and again, as plain text; form-gzip: the same, compressed as for a phone.
 *      submit:  fetch LIMIT forms unmeasured, then send one submission for each and measure only those.
 *      journey: fetch the form, send it, fetch the page it leads to; one journey is all three.
 *
 * Every submission carries the hidden fields of a form fetched for it and the ANSWERS given (already encoded).
 * Each connection is one respondent at a time who does the steps one after another without thinking time.
 * Says "ready", waits for a line on standard input, measures, and says one line of JSON; exit 1 if anything was answered unexpectedly.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 18, REQUEST = 1 << 13, FIELDS = 1 << 12 };
enum step { FORM, POST, THANKS, STEPS };
enum mode { MODE_FORM, MODE_SUBMIT, MODE_JOURNEY };

struct connection {
  int fd, got, sent, length;
  enum step step;
  double began, journey_began;
  char in[BUFFER], out[REQUEST], hidden[FIELDS], next[512];
};

static struct { double *values; long n, room; } latency[STEPS], whole;
static enum mode mode;
static const char *form_path, *post_path, *answers, *encoding = "";
static char **tickets;
static long limit, started, finished, failed, fetched, handed;
static int port, poller, filling;
static double deadline;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void note(double **values, long *n, long *room, double value) {
  if (*n == *room) {
    *room = *room ? *room * 2 : 4096;
    *values = realloc(*values, *room * sizeof **values);
    if (!*values) exit(3);
  }
  (*values)[(*n)++] = value;
}
#define NOTE(list, value) note(&(list).values, &(list).n, &(list).room, value)

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile(double *values, long n, double q) {
  if (!n) return 0;
  long at = (long)(q * (n - 1) + 0.5);
  return values[at] * 1e3;
}

static void fail(struct connection *c, const char *why) {
  if (failed++ < 5) fprintf(stderr, "step %d: %s: %.300s\n", c->step, why, c->in);
}

static void dial(struct connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (void *)&address, sizeof address)) {
    perror("connect");
    exit(3);
  }
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void transmit(struct connection *c) {
  c->sent = c->got = 0;
  c->began = now();
  while (c->sent < c->length) {
    ssize_t n = write(c->fd, c->out + c->sent, c->length - c->sent);
    if (n < 0 && errno != EAGAIN) {
      perror("write");
      exit(3);
    }
    if (n > 0) c->sent += n;
  }
}

static void get(struct connection *c, enum step step, const char *path) {
  c->step = step;
  c->length = snprintf(c->out, REQUEST, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n", path, port, encoding);
  transmit(c);
}

static void post(struct connection *c, const char *hidden) {
  static char body[REQUEST];
  int size = snprintf(body, sizeof body, "%s%s", hidden, answers);
  c->step = POST;
  c->length = snprintf(c->out, REQUEST,
                       "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                       "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
                       post_path, port, port, size, body);
  if (size >= (int)sizeof body || c->length >= REQUEST) exit(3);
  transmit(c);
}

/* Begin the next piece of work on a connection; 0 when there is none left. */
static int begin(struct connection *c) {
  if (now() > deadline || failed > 100) return 0;
  if (mode == MODE_SUBMIT && !filling) {
    if (handed == fetched) return 0;
    c->journey_began = now();
    post(c, tickets[handed++]);
    return 1;
  }
  if (started == limit) return 0;
  started++;
  c->journey_began = now();
  get(c, FORM, form_path);
  return 1;
}

static int attribute(const char *tag, const char *end, const char *name, char *into, int room) {
  char wanted[32];
  int size = snprintf(wanted, sizeof wanted, " %s=\"", name);
  const char *from = memmem(tag, end - tag, wanted, size);
  if (!from) return 0;
  from += size;
  const char *to = memchr(from, '"', end - from);
  if (!to || to - from >= room) return 0;
  memcpy(into, from, to - from);
  into[to - from] = 0;
  return 1;
}

static void collect_hidden(struct connection *c) {
  int used = 0;
  char name[256], value[2048];
  for (char *tag = strstr(c->in, "<input"); tag; tag = strstr(tag + 1, "<input")) {
    char *end = strchr(tag, '>');
    if (!end || !memmem(tag, end - tag, "type=\"hidden\"", 13)) continue;
    if (!attribute(tag, end, "name", name, sizeof name) || !attribute(tag, end, "value", value, sizeof value)) continue;
    used += snprintf(c->hidden + used, FIELDS - used, "%s=%s&", name, value);
    if (used >= FIELDS) exit(3);
  }
  c->hidden[used] = 0;
  if (!used) fail(c, "no hidden field");
}

static int follow(struct connection *c) {
  char *at = strcasestr(c->in, "\r\nlocation: ");
  if (!at) return 0;
  at += 12;
  if (!strncmp(at, "http://", 7)) at = strchr(at + 7, '/');
  size_t size = strcspn(at, "\r\n");
  if (size >= sizeof c->next) return 0;
  memcpy(c->next, at, size);
  c->next[size] = 0;
  return 1;
}

/* A whole answer has come: check it, note its time, and say what comes next; 0 when the connection is done. */
static int answered(struct connection *c) {
  double at = now();
  int status = atoi(c->in + 9), expected = c->step == POST ? 303 : 200;
  if (status != expected) {
    fail(c, "status");
    return begin(c);
  }
  if (!filling) NOTE(latency[c->step], at - c->began);
  if (c->step == FORM && mode != MODE_FORM) {
    collect_hidden(c);
    if (mode == MODE_SUBMIT) {
      tickets[fetched++] = strdup(c->hidden);
      return begin(c);
    }
    post(c, c->hidden);
    return 1;
  }
  if (c->step == POST && mode == MODE_JOURNEY) {
    if (!follow(c)) {
      fail(c, "no location");
      return begin(c);
    }
    get(c, THANKS, c->next);
    return 1;
  }
  NOTE(whole, at - c->journey_began);
  finished++;
  return begin(c);
}

static int readable(struct connection *c) {
  ssize_t n = read(c->fd, c->in + c->got, BUFFER - 1 - c->got);
  if (n == 0) {
    fail(c, "connection closed");
    close(c->fd);
    return 0;
  }
  if (n < 0) return errno == EAGAIN;
  c->got += n;
  c->in[c->got] = 0;
  char *body = strstr(c->in, "\r\n\r\n"), *size = strcasestr(c->in, "\r\ncontent-length: ");
  if (!body) return 1;
  if (!size || size > body) {
    fail(c, "no content length");
    close(c->fd);
    return 0;
  }
  if (c->got < (body + 4 - c->in) + atol(size + 18)) return 1;
  return answered(c);
}

static double run(struct connection *all, int connections) {
  struct epoll_event events[256];
  int busy = 0;
  double began = now();
  for (int i = 0; i < connections; i++) busy += begin(&all[i]);
  while (busy > 0 && now() < deadline + 10) {
    int n = epoll_wait(poller, events, 256, 1000);
    for (int i = 0; i < n; i++) busy -= !readable(events[i].data.ptr);
  }
  return now() - began;
}

int main(int argc, char **argv) {
  if (argc != 9) {
    fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS LIMIT form|form-gzip|submit|journey FORM_PATH POST_PATH ANSWERS\n");
    return 2;
  }
  port = atoi(argv[1]);
  int connections = atoi(argv[2]);
  double seconds = atof(argv[3]);
  limit = atol(argv[4]);
  mode = !strncmp(argv[5], "form", 4) ? MODE_FORM : !strcmp(argv[5], "submit") ? MODE_SUBMIT : MODE_JOURNEY;
  if (!strcmp(argv[5], "form-gzip")) encoding = "Accept-Encoding: gzip\r\n";
  form_path = argv[6], post_path = argv[7], answers = argv[8];
  poller = epoll_create1(0);
  tickets = calloc(limit + 1, sizeof *tickets);
  struct connection *all = calloc(connections, sizeof *all);
  if (!tickets || !all || connections < 1 || connections > 1024 || seconds > 120) return 2;
  for (int i = 0; i < connections; i++) dial(&all[i]);
  if (mode == MODE_SUBMIT) {
    filling = 1;
    deadline = now() + 60;
    run(all, connections);
    filling = 0;
  }
  /* Whoever started us reads the server's processor time now, and again after our last line. */
  puts("ready");
  fflush(stdout);
  if (getchar() == EOF) return 2;
  deadline = now() + seconds;
  struct rusage usage, before;
  getrusage(RUSAGE_SELF, &before);
  double took = run(all, connections);
  getrusage(RUSAGE_SELF, &usage);
  double cpu = usage.ru_utime.tv_sec - before.ru_utime.tv_sec + usage.ru_stime.tv_sec - before.ru_stime.tv_sec +
               (usage.ru_utime.tv_usec - before.ru_utime.tv_usec + usage.ru_stime.tv_usec - before.ru_stime.tv_usec) * 1e-6;
  qsort(whole.values, whole.n, sizeof(double), ascending);
  printf("{\"finished\": %ld, \"failed\": %ld, \"acknowledged\": %ld, \"seconds\": %.6f, \"p50_ms\": %.3f, "
         "\"p99_ms\": %.3f, \"generator_cpu_s\": %.3f}\n",
         finished, failed, latency[POST].n, took, quantile(whole.values, whole.n, 0.5),
         quantile(whole.values, whole.n, 0.99), cpu);
  return failed > 0;
}
