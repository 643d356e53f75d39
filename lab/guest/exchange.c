// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TCP between two guests without a network: a virtio-serial port connects the two. One end listens
 * on 127.0.0.1 and forwards a connection at a time to the same port of the other guest. RDMA
 * programs exchange their addresses over it.
 *
 * A frame: its kind, a reserved byte, a length of 16 bits, and data of that length; the data of
 * OPEN is the TCP port.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util/bytes.h"

#define DATA_MAX   4096
#define HEADER	   4
#define PORTS_MAX  4
#define CONNECT_MS 60000 /* the other guest's server may be slow to start */

enum kind { OPEN = 1, DATA, CLOSE };

struct end {
	int serial, tcp; /* tcp: -1 for no connection */
	int listeners[PORTS_MAX];
	uint16_t ports[PORTS_MAX];
	unsigned port_count;
};

static bool write_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
		else if (n <= 0)
			return false;
		else
			at += n, len -= (size_t)n;
	}
	return true;
}

/* The port reads as ended until the other guest has opened its end. */
static void read_all(int fd, void *data, size_t len)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	uint8_t *at = data;

	while (len) {
		ssize_t n = read(fd, at, len);

		if (n > 0)
			at += n, len -= (size_t)n;
		else
			nanosleep(&pause, NULL);
	}
}

static void send_frame(const struct end *end, enum kind kind, const void *data, uint16_t len)
{
	uint8_t frame[HEADER + DATA_MAX] = {(uint8_t)kind};

	put_be16(frame + 2, len);
	memcpy(frame + HEADER, data, len);
	write_all(end->serial, frame, HEADER + len);
}

static struct sockaddr_in local(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void hang_up(struct end *end)
{
	if (end->tcp >= 0)
		close(end->tcp);
	end->tcp = -1;
}

static int open_connection(uint16_t port)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	const struct sockaddr_in address = local(port);

	for (int ms = 0; ms < CONNECT_MS; ms += 100) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || !connect(fd, (const struct sockaddr *)&address, sizeof(address)))
			return fd;
		close(fd);
		nanosleep(&pause, NULL);
	}
	return -1;
}

static void from_serial(struct end *end)
{
	uint8_t header[HEADER], data[DATA_MAX];
	uint16_t len;

	read_all(end->serial, header, sizeof(header));
	len = get_be16(header + 2);
	if (len > DATA_MAX) {
		fprintf(stderr, "exchange: invalid frame from the other guest\n");
		exit(1);
	}
	read_all(end->serial, data, len);
	if (header[0] == DATA && end->tcp >= 0) {
		write_all(end->tcp, data, len);
		return;
	}
	hang_up(end);
	if (header[0] == OPEN && len == 2)
		end->tcp = open_connection(get_be16(data));
	if (header[0] == OPEN && end->tcp < 0)
		send_frame(end, CLOSE, "", 0);
}

static void from_tcp(struct end *end)
{
	uint8_t data[DATA_MAX];
	ssize_t n = read(end->tcp, data, sizeof(data));

	if (n > 0) {
		send_frame(end, DATA, data, (uint16_t)n);
		return;
	}
	hang_up(end);
	send_frame(end, CLOSE, "", 0);
}

static void from_listener(struct end *end, unsigned i)
{
	uint8_t port[2];

	end->tcp = accept4(end->listeners[i], NULL, NULL, SOCK_CLOEXEC);
	put_be16(port, end->ports[i]);
	if (end->tcp >= 0)
		send_frame(end, OPEN, port, sizeof(port));
}

static bool listen_on(struct end *end, const char *text)
{
	unsigned i = end->port_count++;
	struct sockaddr_in address;
	int one = 1;

	end->ports[i] = (uint16_t)atoi(text);
	address = local(end->ports[i]);
	end->listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(end->listeners[i], SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return !bind(end->listeners[i], (struct sockaddr *)&address, sizeof(address)) &&
	       !listen(end->listeners[i], 4);
}

/* Until the other guest has opened its end, poll() reports a hangup at once. */
static void wait_for_any(const struct end *end, struct pollfd *fds)
{
	const struct timespec pause = {.tv_nsec = 50000000};

	fds[0] = (struct pollfd){.fd = end->serial, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = end->tcp, .events = POLLIN};
	for (unsigned i = 0; i < end->port_count; i++)
		fds[2 + i] = (struct pollfd){
			.fd = end->tcp < 0 ? end->listeners[i] : -1,
			.events = POLLIN,
		};
	poll(fds, 2 + end->port_count, -1);
	if (fds[0].revents && !(fds[0].revents & POLLIN))
		nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
	struct end end = {.serial = -1, .tcp = -1};
	struct pollfd fds[2 + PORTS_MAX];

	if (argc < 2 || argc > 2 + PORTS_MAX) {
		fputs("usage: exchange SERIAL-PORT [TCP-PORT…]; the guest's init starts it\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	end.serial = open(argv[1], O_RDWR | O_CLOEXEC);
	for (int i = 2; i < argc; i++)
		if (!listen_on(&end, argv[i]))
			end.serial = -1;
	if (end.serial < 0) {
		perror("exchange");
		return 1;
	}
	for (;;) {
		wait_for_any(&end, fds);
		if (fds[0].revents & POLLIN)
			from_serial(&end);
		if (fds[1].revents && end.tcp == fds[1].fd && end.tcp >= 0)
			from_tcp(&end);
		for (unsigned i = 0; i < end.port_count && end.tcp < 0; i++)
			if (fds[2 + i].revents & POLLIN)
				from_listener(&end, i);
	}
}
