/* A small MQTT 3.1.1 load generator for one broker on 127.0.0.1: connects in masses, or the latency of one pair.
 *
 *   load connect port=P pid=PID count=N at_once=C rate=R username=u%d password=p%d first=0 id=c%d
 *   load probe   port=P seconds=S rate=200 username=probe password=secret
 *
 * In a pattern %d stands for the connection's number. rate=0: as fast as answers come. One JSON object on stdout. What
 * the broker's thread has consumed comes from /proc. Knows nothing of the plugin; the programs of tests/bench drive it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE_MAX 1000
#define PACKET_MAX  512
#define TOPIC       "bench/latency"
#define GIVE_UP_NS  INT64_C(60000000000) /* without any answer */

static struct {
	const char *username, *password, *id;
	long port, pid, count, at_once, rate, first, seconds;
} options = {.username = "u%d", .password = "p%d", .id = "c%d", .count = 1000, .at_once = 20, .seconds = 5};

static const struct {
	const char *name;
	long *number;
	const char **text;
} table[] = {
	{"port", &options.port, NULL},
	{"pid", &options.pid, NULL},
	{"count", &options.count, NULL},
	{"at_once", &options.at_once, NULL},
	{"rate", &options.rate, NULL},
	{"first", &options.first, NULL},
	{"seconds", &options.seconds, NULL},
	{"username", NULL, &options.username},
	{"password", NULL, &options.password},
	{"id", NULL, &options.id},
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds that the broker's main thread has run. */
static int64_t broker_ns(void)
{
	char path[64];
	unsigned long long ran = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%ld/task/%ld/schedstat", options.pid, options.pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%llu", &ran) != 1)
		ran = 0;
	fclose(file);
	return (int64_t)ran;
}

/* ---- packets ---- */

struct packet {
	unsigned char bytes[PACKET_MAX];
	size_t length;
};

static void add_bytes(struct packet *packet, const void *bytes, size_t length)
{
	if (packet->length + length > sizeof packet->bytes)
		fail("a packet is too long");
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += length;
}

static void add_text(struct packet *packet, const char *text, size_t length)
{
	unsigned char size[2] = {(unsigned char)(length >> 8), (unsigned char)length};

	add_bytes(packet, size, 2);
	add_bytes(packet, text, length);
}

static void add_pattern(struct packet *packet, const char *pattern, long number)
{
	const char *place = strstr(pattern, "%d");
	char text[128];
	int length;

	if (place)
		length = snprintf(text, sizeof text, "%.*s%ld%s", (int)(place - pattern), pattern, number, place + 2);
	else
		length = snprintf(text, sizeof text, "%s", pattern);
	add_text(packet, text, (size_t)length);
}

/* Writes type and length in front of what follows the first three bytes, for which room was left. */
static void finish(struct packet *packet, unsigned char type)
{
	size_t length = packet->length - 3;

	packet->bytes[0] = type;
	packet->bytes[1] = (unsigned char)(length % 128 | 128);
	packet->bytes[2] = (unsigned char)(length / 128);
}

static struct packet connect_packet(long number)
{
	struct packet packet = {.length = 3};

	add_text(&packet, "MQTT", 4);
	add_bytes(&packet, "\x04\xc2\0\0", 4); /* level, username + password + clean session, no keep alive */
	add_pattern(&packet, options.id, number);
	add_pattern(&packet, options.username, number);
	add_pattern(&packet, options.password, number);
	finish(&packet, 0x10);
	return packet;
}

static void send_packet(int fd, const struct packet *packet)
{
	if (send(fd, packet->bytes, packet->length, MSG_NOSIGNAL) < 0 && errno != ECONNRESET && errno != EPIPE)
		fail("send");
}

static int dial(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

/* ---- connects ---- */

static struct {
	long started, accepted, refused, closed;
	struct pollfd fds[AT_ONCE_MAX];
} run;

static void start(struct pollfd *slot)
{
	struct packet packet = connect_packet(options.first + run.started++);

	slot->fd = dial();
	slot->events = POLLIN;
	send_packet(slot->fd, &packet);
}

static void take_answer(struct pollfd *slot)
{
	unsigned char answer[4];
	ssize_t got = recv(slot->fd, answer, sizeof answer, 0);
	struct packet goodbye = {.bytes = {0xe0, 0}, .length = 2};

	if (got == 4 && answer[0] == 0x20 && answer[3] == 0) {
		run.accepted++;
		send_packet(slot->fd, &goodbye);
	} else if (got == 4) {
		run.refused++;
	} else {
		run.closed++;
	}
	close(slot->fd);
	slot->fd = -1;
}

static bool is_due(int64_t began)
{
	return run.started < options.count &&
	       (options.rate == 0 || now_ns() - began >= run.started * (1000000000 / options.rate));
}

static void run_connects(void)
{
	int64_t began = now_ns(), cpu = broker_ns(), heard = began;
	long done;

	for (long i = 0; i < options.at_once; i++)
		run.fds[i].fd = -1;
	do {
		for (long i = 0; i < options.at_once; i++)
			if (run.fds[i].fd < 0 && is_due(began))
				start(&run.fds[i]);
		if (poll(run.fds, (nfds_t)options.at_once, options.rate ? 1 : 100) > 0)
			heard = now_ns();
		for (long i = 0; i < options.at_once; i++)
			if (run.fds[i].fd >= 0 && run.fds[i].revents)
				take_answer(&run.fds[i]);
		done = run.accepted + run.refused + run.closed;
	} while (done < options.count && now_ns() - heard < GIVE_UP_NS);
	began = now_ns() - began;
	cpu = broker_ns() - cpu;
	printf("{\"accepted\": %ld, \"refused\": %ld, \"closed\": %ld, \"seconds\": %.3f, \"per_second\": %.1f, "
	       "\"broker_thread_us_per_connect\": %.2f}\n",
		run.accepted, run.refused, run.closed, (double)began / 1e9, (double)done * 1e9 / (double)began,
		(double)cpu / 1e3 / (double)done);
}

/* ---- latency ---- */

static int log_in(long number)
{
	struct packet packet = connect_packet(number);
	unsigned char answer[4];
	int fd = dial();

	send_packet(fd, &packet);
	if (recv(fd, answer, sizeof answer, MSG_WAITALL) != 4 || answer[3] != 0)
		fail("the probe was refused");
	return fd;
}

static void subscribe(int fd)
{
	struct packet packet = {.length = 3};
	unsigned char answer[5];

	add_bytes(&packet, "\0\1", 2);
	add_text(&packet, TOPIC, strlen(TOPIC));
	add_bytes(&packet, "\0", 1);
	finish(&packet, 0x82);
	send_packet(fd, &packet);
	if (recv(fd, answer, sizeof answer, MSG_WAITALL) != 5 || answer[4] != 0)
		fail("the probe's subscription was refused");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One message each 1/rate s, whatever became of the last one; its payload is when it should have been sent, so that
 * a stop is seen by all the messages that it holds up. */
static void run_probe(void)
{
	int from = log_in(1), to = log_in(2);
	long sent = 0, got = 0, total = options.seconds * options.rate;
	double *ms = calloc((size_t)total + 1, sizeof *ms);
	struct pollfd waiting = {.fd = to, .events = POLLIN};
	int64_t began, step = 1000000000 / options.rate;
	/* PUBLISH comes back as it was sent: type, length, topic, payload. */
	unsigned char message[2 + 2 + sizeof TOPIC - 1 + sizeof(int64_t)];

	if (!ms)
		fail("calloc");
	subscribe(to);
	began = now_ns();
	while (got < total) {
		int64_t due = began + sent * step, now = now_ns();

		if (sent < total && now >= due) {
			struct packet packet = {.bytes = {0x30, sizeof message - 2}, .length = 2};
			add_text(&packet, TOPIC, strlen(TOPIC));
			add_bytes(&packet, &due, sizeof due);
			send_packet(from, &packet);
			sent++;
			continue;
		}
		if (sent == total && now > began + total * step + GIVE_UP_NS / 6)
			break;
		if (poll(&waiting, 1, due - now > 2000000 ? (int)((due - now) / 1000000 - 1) : 0) > 0) {
			if (recv(to, message, sizeof message, MSG_WAITALL) != sizeof message)
				break;
			memcpy(&due, message + sizeof message - sizeof due, sizeof due);
			ms[got++] = (double)(now_ns() - due) / 1e6;
		}
	}
	qsort(ms, (size_t)got, sizeof *ms, compare);
	printf("{\"sent\": %ld, \"received\": %ld, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n", sent, got,
		ms[got / 2], ms[got * 99 / 100], ms[got ? got - 1 : 0]);
	free(ms);
}

static void read_option(const char *argument)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t length = strlen(table[i].name);

		if (strncmp(argument, table[i].name, length) != 0 || argument[length] != '=')
			continue;
		if (table[i].text)
			*table[i].text = argument + length + 1;
		else
			*table[i].number = strtol(argument + length + 1, NULL, 10);
		return;
	}
	errno = EINVAL;
	fail(argument);
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		read_option(argv[i]);
	if (options.at_once < 1 || options.at_once > AT_ONCE_MAX) {
		errno = ERANGE;
		fail("at_once");
	}
	if (argc > 1 && strcmp(argv[1], "connect") == 0)
		run_connects();
	else if (argc > 1 && strcmp(argv[1], "probe") == 0 && options.rate > 0)
		run_probe();
	else {
		errno = EINVAL;
		fail("load connect|probe OPTION=VALUE...");
	}
	return 0;
}
