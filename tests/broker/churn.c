/* churn: many short MQTT 3.1.1 connections, as fast as a broker takes them.
 *
 *   churn PORT COUNT WINDOW MODE USERNAME PASSWORD
 *
 * COUNT connections to 127.0.0.1:PORT, WINDOW at a time. Each sends CONNECT, reads CONNACK and is closed: every second
 * one with DISCONNECT, the others with a TCP reset. MODE is how the client identifiers go: `few` (WINDOW of them, used
 * again and again) or `unique`. Says how many were accepted and refused; fails where the broker does not answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WINDOW_MAX  512
#define ANSWER_MS   20000
#define PACKET_SIZE 256
#define NAME_MAX    64

struct settings {
	in_port_t port;
	long count, window;
	bool unique;
	const char *username, *password;
};

static void die(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	exit(1);
}

static size_t put_string(unsigned char *at, const char *string)
{
	size_t length = strlen(string);

	at[0] = (unsigned char)(length >> 8);
	at[1] = (unsigned char)length;
	memcpy(at + 2, string, length);
	return length + 2;
}

/* MQTT 3.1.1, 3.1: clean session, username and password. */
static size_t make_connect(const struct settings *settings, long number, unsigned char packet[PACKET_SIZE])
{
	static const unsigned char head[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0xc2, 0, 0};
	size_t length = 2 + sizeof head;
	char id[32];

	snprintf(id, sizeof id, "churn-%ld", settings->unique ? number : number % settings->window);
	memcpy(packet + 2, head, sizeof head);
	length += put_string(packet + length, id);
	length += put_string(packet + length, settings->username);
	length += put_string(packet + length, settings->password);
	packet[0] = 0x10;
	packet[1] = (unsigned char)(length - 2); /* below 128: the names are bounded */
	return length;
}

static int open_connection(const struct settings *settings, long number)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = settings->port};
	/* From many addresses: the ports of one are soon used up. */
	struct sockaddr_in source = {.sin_family = AF_INET};
	unsigned char packet[PACKET_SIZE];
	size_t length = make_connect(settings, number, packet);
	int connection = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (unsigned)(number % 200));
	if (connection < 0 || bind(connection, (struct sockaddr *)&source, sizeof source) != 0 ||
		connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
		die("connect");
	if (send(connection, packet, length, MSG_NOSIGNAL) != (ssize_t)length)
		die("send");
	return connection;
}

/* Whether the connection was accepted; it is closed. */
static bool end_connection(int connection, long number)
{
	static const unsigned char disconnect[] = {0xe0, 0};
	struct pollfd wait = {.fd = connection, .events = POLLIN};
	const struct linger reset = {.l_onoff = 1};
	unsigned char answer[4] = {0};

	if (poll(&wait, 1, ANSWER_MS) != 1)
		die("no answer");
	if (recv(connection, answer, sizeof answer, MSG_WAITALL) != (ssize_t)sizeof answer || answer[0] != 0x20)
		die("no CONNACK");
	if (number % 2 == 0 && answer[3] == 0) {
		send(connection, disconnect, sizeof disconnect, MSG_NOSIGNAL);
		recv(connection, answer, 1, 0); /* the broker closes first: nothing stays in TIME_WAIT on our side */
	} else {
		setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	}
	close(connection);
	return answer[3] == 0;
}

static bool read_settings(char **arguments, struct settings *settings)
{
	settings->port = htons((in_port_t)strtol(arguments[1], NULL, 10));
	settings->count = strtol(arguments[2], NULL, 10);
	settings->window = strtol(arguments[3], NULL, 10);
	settings->unique = strcmp(arguments[4], "unique") == 0;
	settings->username = arguments[5];
	settings->password = arguments[6];
	return settings->port != 0 && settings->count > 0 && settings->window > 0 && settings->window <= WINDOW_MAX &&
	       (settings->unique || strcmp(arguments[4], "few") == 0) &&
	       strlen(settings->username) + strlen(settings->password) < NAME_MAX;
}

int main(int argc, char **argv)
{
	int connections[WINDOW_MAX];
	struct settings settings;
	long accepted = 0;

	if (argc != 7 || !read_settings(argv, &settings)) {
		fprintf(stderr, "usage: churn PORT COUNT WINDOW few|unique USERNAME PASSWORD\n");
		return 2;
	}
	for (long number = 0; number < settings.count + settings.window; number++) {
		int *slot = &connections[number % settings.window];

		if (number >= settings.window && end_connection(*slot, number - settings.window))
			accepted++;
		if (number < settings.count)
			*slot = open_connection(&settings, number);
	}
	printf("accepted=%ld refused=%ld\n", accepted, settings.count - accepted);
	return 0;
}
