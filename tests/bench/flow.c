/* Messages through one broker on 127.0.0.1, and what its thread spent on them.
 *
 *   flow port=P pid=PID username=U password=P topic=T topics=K filter=F subscribers=S messages=N
 *
 * One publisher, QoS 0, 64 bytes each; with topics=K the topics T/0 to T/K-1 take turns, K up to 50. With subscribers
 * it goes on when all have a batch, so that nothing is dropped; without, it sends all and waits for the answer to a
 * PINGREQ. One object of JSON. The thread's time comes from /proc/PID/schedstat. Knows nothing of the plugin;
 * tests/bench/whole.py drives it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SUBSCRIBERS_MAX 2000
#define BATCH           50
#define PACKET_MAX      512
#define PAYLOAD         64
#define GIVE_UP_SECONDS 60

static struct {
	const char *port, *pid, *username, *password, *topic, *topics, *filter, *subscribers, *messages;
} options = {.username = "user-0",
	.password = "secret",
	.topic = "devices/user-0/data",
	.topics = "1",
	.filter = "devices/user-0/#",
	.subscribers = "0",
	.messages = "100000"};

static const struct {
	const char *name;
	const char **text;
} table[] = {{"port", &options.port}, {"pid", &options.pid}, {"username", &options.username},
	{"password", &options.password}, {"topic", &options.topic}, {"topics", &options.topics},
	{"filter", &options.filter}, {"subscribers", &options.subscribers}, {"messages", &options.messages}};

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t row = 0;
		while (row < sizeof table / sizeof table[0] &&
			(strncmp(argv[i], table[row].name, strlen(table[row].name)) != 0 ||
				argv[i][strlen(table[row].name)] != '='))
			row++;
		if (row == sizeof table / sizeof table[0])
			fail(argv[i]);
		*table[row].text = argv[i] + strlen(table[row].name) + 1;
	}
	if (!options.port || !options.pid)
		fail("port= and pid= are needed");
}

/* Nanoseconds that the broker's main thread has run. */
static uint64_t broker_ns(void)
{
	char path[64], text[64] = "";
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%s/schedstat", options.pid);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof text, file))
		fail(path);
	(void)fclose(file);
	return strtoull(text, NULL, 10);
}

/* ---- packets ---- */

struct packet {
	unsigned char bytes[PACKET_MAX];
	size_t length; /* of what follows the fixed header's two or three bytes, while it grows */
};

static void add(struct packet *packet, const void *bytes, size_t length)
{
	if (packet->length + length > sizeof packet->bytes)
		fail("a packet is too long");
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += length;
}

static void add_string(struct packet *packet, const char *text)
{
	unsigned char size[2] = {(unsigned char)(strlen(text) >> 8), (unsigned char)strlen(text)};

	add(packet, size, 2);
	add(packet, text, strlen(text));
}

/* Puts the fixed header in front. */
static void finish(struct packet *packet, unsigned char type)
{
	struct packet whole = {.length = 0};
	unsigned char head[3] = {type, (unsigned char)(packet->length & 127), (unsigned char)(packet->length >> 7)};

	if (packet->length > 127)
		head[1] |= 128;
	add(&whole, head, packet->length > 127 ? 3 : 2);
	add(&whole, packet->bytes, packet->length);
	*packet = whole;
}

static void write_all(int fd, const void *bytes, size_t length)
{
	for (size_t sent = 0; sent < length;) {
		ssize_t count = send(fd, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
		if (count <= 0)
			fail("send");
		sent += (size_t)count;
	}
}

static void read_all(int fd, size_t length)
{
	static char buffer[65536];

	while (length > 0) {
		ssize_t count = recv(fd, buffer, length < sizeof buffer ? length : sizeof buffer, 0);
		if (count <= 0)
			fail("recv");
		length -= (size_t)count;
	}
}

/* ---- connections ---- */

static int connect_client(const char *id)
{
	static const unsigned char head[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0xc2, 0, 0}; /* clean, username, password */
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(options.port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {.tv_sec = GIVE_UP_SECONDS};
	struct packet packet = {.length = 0};
	unsigned char answer[4];
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	add(&packet, head, sizeof head);
	add_string(&packet, id);
	add_string(&packet, options.username);
	add_string(&packet, options.password);
	finish(&packet, 0x10);
	write_all(fd, packet.bytes, packet.length);
	if (recv(fd, answer, sizeof answer, MSG_WAITALL) != 4 || answer[3] != 0)
		fail("CONNACK");
	return fd;
}

static int connect_subscriber(unsigned long number)
{
	static const unsigned char head[] = {0, 1}, qos = 0;
	struct packet packet = {.length = 0};
	char id[32];
	int fd;

	(void)snprintf(id, sizeof id, "sub-%lu", number);
	fd = connect_client(id);
	add(&packet, head, sizeof head);
	add_string(&packet, options.filter);
	add(&packet, &qos, 1);
	finish(&packet, 0x82);
	write_all(fd, packet.bytes, packet.length);
	read_all(fd, 5);
	return fd;
}

static size_t add_publish(char *batch, unsigned long number, unsigned long topics)
{
	static const char payload[PAYLOAD];
	struct packet packet = {.length = 0};
	char topic[PACKET_MAX / 2];

	if (topics > 1)
		(void)snprintf(topic, sizeof topic, "%s/%lu", options.topic, number % topics);
	add_string(&packet, topics > 1 ? topic : options.topic);
	add(&packet, payload, sizeof payload);
	finish(&packet, 0x30);
	memcpy(batch, packet.bytes, packet.length);
	return packet.length;
}

int main(int argc, char **argv)
{
	static int subscribers[SUBSCRIBERS_MAX];
	static const unsigned char ping[] = {0xc0, 0};
	static char batch[BATCH * PACKET_MAX];
	unsigned long count, messages, topics;
	size_t length = 0;
	uint64_t before;
	int publisher;

	read_options(argc, argv);
	count = strtoul(options.subscribers, NULL, 10);
	messages = strtoul(options.messages, NULL, 10) / BATCH * BATCH;
	topics = strtoul(options.topics, NULL, 10);
	if (count > SUBSCRIBERS_MAX || messages == 0 || topics == 0 || topics > BATCH)
		fail("subscribers=, messages= or topics=");
	for (unsigned long i = 0; i < count; i++)
		subscribers[i] = connect_subscriber(i);
	publisher = connect_client("publisher");
	for (unsigned long i = 0; i < BATCH; i++)
		length += add_publish(batch + length, i, topics);
	before = broker_ns();
	for (unsigned long sent = 0; sent < messages; sent += BATCH) {
		write_all(publisher, batch, length);
		for (unsigned long i = 0; i < count; i++)
			read_all(subscribers[i], length);
	}
	write_all(publisher, ping, sizeof ping);
	read_all(publisher, 2);
	printf("{\"ns_per_message\": %.1f}\n", (double)(broker_ns() - before) / (double)messages);
	return 0;
}
