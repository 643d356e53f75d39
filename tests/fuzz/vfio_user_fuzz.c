/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile client: for any bytes, in any segments, the transport neither crashes
 * nor leaks, what it sends is well-formed, and no access outside a region reaches
 * the owner.
 *
 * Input: a byte of options, then chunks. A chunk is a length byte and as many
 * bytes, sent as they are; or, with FRAMED, the body of a message, after two
 * bytes for its command and flags. The command's upper bits select the file
 * descriptors that are sent with it.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vfio-user/message.h"
#include "vfio-user/vfio_user.h"

enum {
	HANDSHAKE = 1 << 0, /* agree on the version first */
	FRAMED = 1 << 1,
	TRANSFER = 1 << 2, /* have a DMA under way whenever possible */
	DEAF = 1 << 3,	   /* read no reply */
	STAY = 1 << 4,	   /* stay connected until the endpoint is destroyed */
};

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "violated: %s\n", #condition);                             \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

enum { BAR_SIZE = 1 << 16, MEMORY_SIZE = 1 << 17, PAGE_SIZE = 4096, VECTORS = 3 };

struct owner {
	struct vu *vu;
	struct sockaddr_un address;
	uint8_t bar[BAR_SIZE], mem[PAGE_SIZE], config[PAGE_SIZE], dma[256];
	unsigned transfers, ends;
	int client, mem_fd;
	uint8_t replies[1 << 17]; /* read, but not yet checked */
	size_t reply_bytes;
};

static uint8_t *region(struct owner *o, unsigned index, uint64_t offset, size_t len)
{
	size_t size = index == 0 ? BAR_SIZE : PAGE_SIZE;

	CHECK(index == 0 || index == 2 || index == 7);
	CHECK(len > 0 && offset < size && len <= size - offset);
	return (index == 0 ? o->bar : index == 2 ? o->mem : o->config) + offset;
}

static int region_read(void *owner, unsigned index, uint64_t offset, void *buf, size_t len)
{
	memcpy(buf, region(owner, index, offset, len), len);
	return 0;
}

static int region_write(void *owner, unsigned index, uint64_t offset, const void *buf, size_t len)
{
	memcpy(region(owner, index, offset, len), buf, len);
	return offset == 1 ? -5 : 0;
}

static void dma_done(void *owner, int status)
{
	struct owner *o = owner;

	CHECK(status <= 0 && status >= -4095);
	o->ends++;
	CHECK(o->ends <= o->transfers);
}

static const struct vu_ops ops = {
	.region_read = region_read,
	.region_write = region_write,
	.dma_done = dma_done,
};

static void pump(struct owner *o)
{
	struct pollfd p = {.fd = vu_fd(o->vu), .events = POLLIN};
	unsigned turns;

	for (turns = 0; poll(&p, 1, 0) > 0; turns++) {
		CHECK(turns < 1000);
		vu_process(o->vu);
		p.fd = vu_fd(o->vu);
		p.events = POLLIN;
	}
}

/* The server sends only messages: replies, and DMA requests to the client. */
static void check_replies(struct owner *o)
{
	struct vu_header header;
	size_t at = 0;

	while (o->reply_bytes - at >= sizeof(header)) {
		memcpy(&header, o->replies + at, sizeof(header));
		CHECK(header.size >= sizeof(header) && header.size <= sizeof(o->replies));
		if (header.flags & VU_TYPE_MASK) {
			CHECK(header.flags == VU_TYPE_REPLY ||
			      header.flags == (VU_TYPE_REPLY | VU_ERROR));
			CHECK(!header.error == !(header.flags & VU_ERROR));
			CHECK(!header.error || header.size == sizeof(header));
		} else {
			CHECK(header.command == VU_DMA_READ || header.command == VU_DMA_WRITE);
		}
		if (o->reply_bytes - at < header.size)
			break;
		at += header.size;
	}
	o->reply_bytes -= at;
	memmove(o->replies, o->replies + at, o->reply_bytes);
}

static void drain(struct owner *o)
{
	ssize_t got;

	for (;;) {
		got = recv(o->client, o->replies + o->reply_bytes,
			   sizeof(o->replies) - o->reply_bytes, 0);
		if (got <= 0)
			return;
		o->reply_bytes += (size_t)got;
		check_replies(o);
		pump(o);
	}
}

/* Sealed memory as a guest's, memory without the seal that makes it safe to map, an eventfd. */
enum { FD_MEMORY, FD_UNSEALED, FD_EVENT, FDS };

static const int *open_fds(void)
{
	static int fds[FDS];

	if (fds[FD_MEMORY])
		return fds;
	fds[FD_MEMORY] = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[FD_UNSEALED] = memfd_create("unsealed", MFD_CLOEXEC);
	fds[FD_EVENT] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CHECK(fds[FD_MEMORY] > 0 && fds[FD_UNSEALED] > 0 && fds[FD_EVENT] > 0);
	CHECK(ftruncate(fds[FD_MEMORY], MEMORY_SIZE) == 0);
	CHECK(ftruncate(fds[FD_UNSEALED], MEMORY_SIZE) == 0);
	CHECK(fcntl(fds[FD_MEMORY], F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	return fds;
}

/* @files: 0: none, 1: memory, 2: an eventfd, 3: all */
static bool transmit_with(struct owner *o, unsigned files, const void *bytes, size_t len)
{
	const int *fds = open_fds();
	size_t count = files == 3 ? FDS : !!files;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FDS * sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(count * sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	struct iovec iov = {(void *)bytes, len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count) {
		memcpy(CMSG_DATA(&control.header), files == 2 ? fds + FD_EVENT : fds,
		       count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	return sendmsg(o->client, &message, MSG_NOSIGNAL) >= 0;
}

/* The owner raises an interrupt and writes to memory that the client has mapped. */
static void act(struct owner *o)
{
	size_t len = 64;
	uint8_t *memory = vu_dma_ptr(o->vu, 0x1000, &len, true);

	vu_irq(o->vu, o->transfers % (VECTORS + 1));
	CHECK(len <= 64);
	if (memory)
		memset(memory, 0x5a, len);
}

static void transmit(struct owner *o, unsigned options, unsigned files, const void *bytes,
		     size_t len)
{
	/* On a full or closed socket the rest of the input has no effect. */
	if (!transmit_with(o, files, bytes, len))
		return;
	pump(o);
	act(o);
	if (!(options & DEAF))
		drain(o);
	if ((options & TRANSFER) &&
	    (o->transfers & 1 ? vu_dma_read(o->vu, 0x1000, o->dma, sizeof(o->dma))
			      : vu_dma_write(o->vu, 0x1000, o->dma, sizeof(o->dma))) == 0)
		o->transfers++;
}

static void transmit_framed(struct owner *o, unsigned options, const uint8_t *bytes, size_t len)
{
	uint8_t message[sizeof(struct vu_header) + 256];
	/* A reply answers the server's last DMA request, so that such replies occur. */
	struct vu_header header = {.id = (uint16_t)o->transfers};

	if (len < 2)
		return;
	header.command = (bytes[0] & 0x3f) % (VU_COMMAND_COUNT + 1);
	header.flags = bytes[1];
	header.size = (uint32_t)(sizeof(header) + len - 2);
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), bytes + 2, len - 2);
	transmit(o, options, bytes[0] >> 6, message, header.size);
}

static void open_endpoint(struct owner *o)
{
	struct vu_config config = {.msix_vectors = VECTORS, .ops = &ops, .owner = o};
	char dir[] = "/tmp/vfio-user-fuzz.XXXXXX";

	CHECK(mkdtemp(dir));
	o->address.sun_family = AF_UNIX;
	snprintf(o->address.sun_path, sizeof(o->address.sun_path), "%s/s", dir);
	o->mem_fd = memfd_create("region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(o->mem_fd >= 0 && ftruncate(o->mem_fd, PAGE_SIZE) == 0);
	CHECK(fcntl(o->mem_fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	config.path = o->address.sun_path;
	config.regions[0] = (struct vu_region){.size = BAR_SIZE, .mmap_fd = -1};
	config.regions[2] = (struct vu_region){.size = PAGE_SIZE, .mmap_fd = o->mem_fd};
	config.regions[7] = (struct vu_region){.size = PAGE_SIZE, .mmap_fd = -1};
	CHECK(vu_create(&o->vu, &config) == 0);
}

static void close_endpoint(struct owner *o)
{
	vu_destroy(o->vu);
	o->vu = NULL;
	close(o->mem_fd);
	*strrchr(o->address.sun_path, '/') = '\0';
	CHECK(rmdir(o->address.sun_path) == 0);
}

static struct owner *last_owner;

static void close_last(void)
{
	if (last_owner->vu)
		close_endpoint(last_owner);
}

/* Reuses the endpoint: a disconnect clears its state and is faster than vu_create(). */
static struct owner *get_owner(void)
{
	static struct owner owner;

	if (!last_owner)
		atexit(close_last);
	last_owner = &owner;
	if (!owner.vu)
		open_endpoint(&owner);
	owner.transfers = owner.ends = 0;
	owner.reply_bytes = 0;
	memset(owner.bar, 0, sizeof(owner.bar));
	memset(owner.mem, 0, sizeof(owner.mem));
	memset(owner.config, 0, sizeof(owner.config));
	return &owner;
}

static void connect_client(struct owner *o, unsigned options)
{
	static const uint8_t version[] = {0, 0, 1, 0, 20, 0, 0, 0, 0, 0,
					  0, 0, 0, 0, 0,  0, 0, 0, 0, 0};

	o->client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CHECK(connect(o->client, (struct sockaddr *)&o->address, sizeof(o->address)) == 0);
	pump(o);
	if (options & HANDSHAKE) {
		transmit(o, options, 0, version, sizeof(version));
		CHECK(vu_connected(o->vu));
	}
}

static void send_chunks(struct owner *o, unsigned options, const uint8_t *data, size_t size)
{
	size_t at = 0, len;

	while (at < size) {
		len = data[at++];
		if (len > size - at)
			len = size - at;
		if (options & FRAMED)
			transmit_framed(o, options, data + at, len);
		else
			transmit(o, options, 0, data + at, len);
		at += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner *o;
	size_t len = 1;

	if (!size)
		return 0;
	o = get_owner();
	connect_client(o, data[0]);
	send_chunks(o, data[0], data + 1, size - 1);
	if (data[0] & STAY) {
		close_endpoint(o);
	} else {
		shutdown(o->client, SHUT_RDWR);
		pump(o);
		CHECK(!vu_connected(o->vu));
		CHECK(o->ends == o->transfers);
		CHECK(!vu_dma_ptr(o->vu, 0, &len, false));
	}
	close(o->client);
	return 0;
}
