// What a hostile program in a container tries. Prints what came of it; never fails itself.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// 0, or the number of the error.
static int outcome(long result) { return result < 0 ? errno : 0; }

// connect ADDRESS PORT: open, or the error. Packets that nobody answers are given up after a second.
static void try_connect(const char *address, const char *port) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found;
  if (getaddrinfo(address, port, &hints, &found) != 0) { puts("no address"); return; }
  int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
  socklen_t size = sizeof error;
  if (fd < 0) { puts(strerror(errno)); return; }
  if (connect(fd, found->ai_addr, found->ai_addrlen) < 0 && errno != EINPROGRESS) { puts(strerror(errno)); return; }
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  if (poll(&wait, 1, 1000) == 0) { puts("no answer"); return; }
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  puts(error ? strerror(error) : "open");
}

// flood ADDRESS: one byte to each of 50,000 ports.
static void flood(const char *address) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0), sent = 0;
  for (int port = 1; port <= 50000; port++) {
    to.sin_port = htons(port);
    sent += sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1;
  }
  printf("%d\n", sent);
}

// fork: processes until no more are given; they stay. zombies: they end, and nobody asks how.
static void many(int stays) {
  int count = 0;
  for (; count < 5000; count++) {
    pid_t child = fork();
    if (child < 0) break;
    if (child > 0) continue;
    for (int fd = 0; fd < 3; fd++) close(fd);
    if (stays) for (;;) pause();
    _exit(0);
  }
  printf("%d\n", count);
}

// memory MIB: memory, all of it written to.
static void fill_memory(int mebibytes) {
  for (int count = 0; count < mebibytes; count++) memset(malloc(1 << 20), 1, 1 << 20);
  printf("%d\n", mebibytes);
}

// files FOLDER COUNT: empty files, until one is refused.
static void many_files(const char *folder, int count) {
  char path[256];
  int made = 0;
  for (; made < count; made++) {
    snprintf(path, sizeof path, "%s/%d", folder, made);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    if (fd < 0) break;
    close(fd);
  }
  printf("%d\n", made);
}

// descriptors: the number of files that one process may open.
static void descriptors(void) {
  int count = 0;
  while (count < 100000 && open("/dev/null", O_RDONLY) >= 0) count++;
  printf("%d\n", count);
}

// dump: a core dump, with the limit raised.
static void dump(void) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  printf("%d\n", outcome(setrlimit(RLIMIT_CORE, &limit)));
  fflush(stdout);
  abort();
}

#if defined(__x86_64__)
// A system call as 32-bit programs make it; any program can. Returns the negative error.
static long old_call(long number, long first, long second) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory", "r8", "r9", "r10", "r11");
  return result;
}
#endif

// old-socket FAMILY: a socket by the 32-bit system calls `socketcall` and `socket`.
static void old_socket(int family) {
#if defined(__x86_64__)
  int *arguments = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  arguments[0] = family;
  arguments[1] = SOCK_STREAM;
  long all = old_call(102, 1, (long)arguments), one = old_call(359, family, SOCK_STREAM);
  printf("%ld %ld\n", all < 0 ? -all : 0, one < 0 ? -one : 0);
#else
  printf("%d %d\n", EAFNOSUPPORT, EAFNOSUPPORT);
#endif
}

int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "", *first = count > 2 ? words[2] : "0", *second = count > 3 ? words[3] : "0";
  char space[256] = {0};
  if (!strcmp(what, "connect")) try_connect(first, second);
  else if (!strcmp(what, "flood")) flood(first);
  else if (!strcmp(what, "fork")) many(1);
  else if (!strcmp(what, "zombies")) many(0);
  else if (!strcmp(what, "memory")) fill_memory(atoi(first));
  else if (!strcmp(what, "files")) many_files(first, atoi(second));
  else if (!strcmp(what, "descriptors")) descriptors();
  else if (!strcmp(what, "dump")) dump();
  else if (!strcmp(what, "socket")) printf("%d\n", outcome(socket(atoi(first), atoi(second), 0)));
  else if (!strcmp(what, "old-socket")) old_socket(atoi(first));
  else if (!strcmp(what, "io_uring")) printf("%d\n", outcome(syscall(425, 8, space)));
  else if (!strcmp(what, "unshare")) printf("%d\n", outcome(unshare(CLONE_NEWUSER)));
  else if (!strcmp(what, "clone")) printf("%d\n", outcome(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)));
  else if (!strcmp(what, "keyctl")) printf("%d\n", outcome(syscall(SYS_keyctl, 0, -3, 0)));
  else if (!strcmp(what, "bpf")) printf("%d\n", outcome(syscall(SYS_bpf, 0, space, sizeof space)));
  else if (!strcmp(what, "perf")) printf("%d\n", outcome(syscall(SYS_perf_event_open, space, 0, -1, -1, 0)));
  else puts("unknown");
  return 0;
}
