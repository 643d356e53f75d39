/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that violates the protocol. Theory of operation: each row is one message;
 * it has the outcome in the table and leaves no descriptor open in the server, and
 * the connection (unless it had to be dropped) and a second endpoint of the same
 * process still work.
 */
#include "tests/unit/vfio_user_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/macros.h"

/* Outcomes other than an errno. */
enum {
	FINE = 0,
	DROPPED = -1,
	SILENT = -2, /* no reply, and the connection stays */
};

enum fd_kind { NO_FDS, EVENTFDS, MEMORY, PIPES, DIRECTORIES };

struct row {
	const char *name;
	bool before_version;
	uint16_t command;
	uint32_t flags;
	uint32_t size; /* in the header; 0: the right one, UINT32_MAX: 0 */
	uint32_t body_len;
	uint32_t body[12];
	enum fd_kind kind;
	unsigned fds;
	int outcome;
};

/* ROW(name, outcome, command, bytes of its body, the body's words) */
#define ROW(name_, outcome_, ...) ROW_OF(name_, outcome_, __VA_ARGS__)
#define ROW_OF(name_, outcome_, command_, body_len_, ...)                                          \
	.name = (name_), .outcome = (outcome_), .command = (command_), .body_len = (body_len_),    \
	.body = {__VA_ARGS__}
/* Commands whose length is right, and argsz too */
#define MAP(flags_, offset_, addr_, size_)                                                         \
	CMD_DMA_MAP, 32, 32, flags_, WORDS(offset_), WORDS(addr_), WORDS(size_)
#define UNMAP(flags_, addr_, size_)	     CMD_DMA_UNMAP, 24, 24, flags_, WORDS(addr_), WORDS(size_)
#define IRQS(flags_, index_, start_, count_) CMD_SET_IRQS, 20, 20, flags_, index_, start_, count_
#define READ(offset_, region_, count_)	     CMD_REGION_READ, 16, WORDS(offset_), region_, count_
#define FDS(kind_, fds_)		     .kind = (kind_), .fds = (fds_)

#define MAX_JSON			     4096
#define MAX_SIZE			     (16u + 16 + (1 << 20))

static const struct row rows[] = {
	/* framing */
	{ROW("size 0", DROPPED, 0, 0, 0), .size = UINT32_MAX},
	{ROW("size 15", DROPPED, 0, 0, 0), .size = 15},
	{ROW("size too large by one", DROPPED, 0, 0, 0), .size = MAX_SIZE + 1},
	{ROW("4 GiB with descriptors", DROPPED, 0, 0, 0), .size = 0xfffffff0, FDS(EVENTFDS, 16)},
	/* header */
	{ROW("command 0", EOPNOTSUPP, 0, 0, 0)},
	{ROW("command 6, descriptors for regions", EOPNOTSUPP, 6, 16, 0)},
	{ROW("command 11, which only a server sends", EOPNOTSUPP, CMD_DMA_READ, 16, 0)},
	{ROW("command 12, which only a server sends", EOPNOTSUPP, CMD_DMA_WRITE, 16, 0)},
	{ROW("command 14", EOPNOTSUPP, 14, 24, 0)},
	{ROW("command 16", EOPNOTSUPP, 16, 8, 0)},
	{ROW("command 65535", EOPNOTSUPP, 0xffff, 0, 0), FDS(EVENTFDS, 3)},
	{ROW("unknown command, no reply requested", SILENT, 99, 0, 0), .flags = FLAG_NO_REPLY},
	{ROW("type 2", EINVAL, CMD_RESET, 0, 0), .flags = 2},
	{ROW("type 15", EINVAL, CMD_RESET, 0, 0), .flags = 15},
	{ROW("error flag on a command", EINVAL, CMD_RESET, 0, 0), .flags = FLAG_ERROR},
	{ROW("reserved flag", EINVAL, CMD_RESET, 0, 0), .flags = 0x40},
	{ROW("all flags but reply", EINVAL, CMD_RESET, 0, 0), .flags = 0xfffffffe & ~0x11u},
	{ROW("reply without a request", SILENT, CMD_DMA_READ, 16, 0), .flags = FLAG_REPLY},
	{ROW("error reply without a request", SILENT, CMD_RESET, 0, 0),
	 .flags = FLAG_REPLY | FLAG_ERROR, FDS(EVENTFDS, 2)},
	/* VERSION and before */
	{ROW("RESET before VERSION", EPROTO, CMD_RESET, 0, 0), .before_version = true},
	{ROW("DMA_MAP before VERSION", EPROTO, MAP(3, 0, 0, 4096)), FDS(MEMORY, 1),
	 .before_version = true},
	{ROW("reply before VERSION", SILENT, CMD_DMA_READ, 0, 0), .flags = FLAG_REPLY,
	 .before_version = true},
	{ROW("VERSION of no bytes", EINVAL, CMD_VERSION, 0, 0), .before_version = true},
	{ROW("VERSION of major 1", EOPNOTSUPP, CMD_VERSION, 4, 1), .before_version = true},
	{ROW("VERSION with too long JSON", EINVAL, CMD_VERSION, 4 + MAX_JSON + 1, 0),
	 .before_version = true},
	{ROW("VERSION with descriptors", EINVAL, CMD_VERSION, 4, 0), FDS(EVENTFDS, 1),
	 .before_version = true},
	{ROW("VERSION twice", EPROTO, CMD_VERSION, 4, 0)},
	/* DMA_MAP: argsz, flags, offset, address, size */
	{ROW("map, short", EINVAL, CMD_DMA_MAP, 31, 0)},
	{ROW("map, long", EINVAL, CMD_DMA_MAP, 36, 32, 3, WORDS(0), WORDS(0), WORDS(4096))},
	{ROW("map, argsz small", EINVAL, CMD_DMA_MAP, 32, 31, 3, WORDS(0), WORDS(0), WORDS(4096))},
	{ROW("map, no direction", EINVAL, MAP(0, 0, 0, 4096))},
	{ROW("map, unknown flag", EINVAL, MAP(7, 0, 0, 4096))},
	{ROW("map of 0 bytes", EINVAL, MAP(3, 0, 0, 0))},
	{ROW("map, odd address", EINVAL, MAP(3, 0, 1, 4096))},
	{ROW("map, odd size", EINVAL, MAP(3, 0, 0, 4095))},
	{ROW("map, odd offset", EINVAL, MAP(3, 512, 0, 4096)), FDS(MEMORY, 1)},
	{ROW("map beyond 2^64", EINVAL, MAP(3, 0, 0 - 4096ull, 8192))},
	{ROW("map beyond the file", EINVAL, MAP(3, 4096, 0, 8192)), FDS(MEMORY, 1)},
	{ROW("map, offset and size beyond 2^64", EINVAL, MAP(3, 0 - 4096ull, 0, 4096)),
	 FDS(MEMORY, 1)},
	{ROW("map of 2^62 bytes", EINVAL, MAP(3, 0, 1ull << 62, 1ull << 62)), FDS(MEMORY, 1)},
	{ROW("map over a map", EEXIST, MAP(3, 0, 0x7fff000, 0x2000))},
	{ROW("map with two descriptors", EINVAL, MAP(3, 0, 0, 4096)), FDS(MEMORY, 2)},
	/* The server does not use such files: DMA goes through the client. */
	{ROW("map of a pipe", FINE, MAP(3, 0, 0, 4096)), FDS(PIPES, 1)},
	{ROW("map of a directory", FINE, MAP(3, 0, 0, 4096)), FDS(DIRECTORIES, 1)},
	/* DMA_UNMAP: argsz, flags, address, size */
	{ROW("unmap, short", EINVAL, CMD_DMA_UNMAP, 20, 0)},
	{ROW("unmap, long", EINVAL, CMD_DMA_UNMAP, 40, 24, 0, WORDS(0), WORDS(4096))},
	{ROW("unmap, argsz small", EINVAL, CMD_DMA_UNMAP, 24, 0, 0, WORDS(0), WORDS(4096))},
	{ROW("unmap of 0 bytes", EINVAL, UNMAP(0, 0, 0))},
	{ROW("unmap beyond 2^64", EINVAL, UNMAP(0, 4096, UINT64_MAX))},
	{ROW("unmap, dirty pages", EINVAL, UNMAP(1, 0, 4096))},
	{ROW("unmap all, with a range", EINVAL, UNMAP(2, 0, 4096))},
	{ROW("unmap with a descriptor", EINVAL, UNMAP(0, 0, 4096)), FDS(MEMORY, 1)},
	{ROW("unmap, huge argsz", FINE, CMD_DMA_UNMAP, 24, UINT32_MAX, 0, WORDS(0x1000),
	     WORDS(4096))},
	/* device and region information */
	{ROW("info, short", EINVAL, CMD_GET_INFO, 12, 0)},
	{ROW("info, long", EINVAL, CMD_GET_INFO, 20, 16)},
	{ROW("info, argsz 0", EINVAL, CMD_GET_INFO, 16, 0)},
	{ROW("info, huge argsz", FINE, CMD_GET_INFO, 16, UINT32_MAX)},
	{ROW("info with a descriptor", EINVAL, CMD_GET_INFO, 16, 16), FDS(EVENTFDS, 1)},
	{ROW("region info, argsz 31", EINVAL, CMD_REGION_INFO, 32, 31)},
	{ROW("region info, huge argsz", FINE, CMD_REGION_INFO, 32, UINT32_MAX, 0, 2)},
	{ROW("region info, region 9", EINVAL, CMD_REGION_INFO, 32, 32, 0, 9)},
	{ROW("region info, region 2^32-1", EINVAL, CMD_REGION_INFO, 32, 32, 0, UINT32_MAX)},
	{ROW("region info, short", EINVAL, CMD_REGION_INFO, 16, 32)},
	/* interrupts: argsz, flags, index, start, count */
	{ROW("irq info, index 5", EINVAL, CMD_IRQ_INFO, 16, 16, 0, 5)},
	{ROW("irq info, argsz 15", EINVAL, CMD_IRQ_INFO, 16, 15, 0, 2)},
	{ROW("irqs, short", EINVAL, CMD_SET_IRQS, 16, 20, 0x24, 2, 0), FDS(EVENTFDS, 1)},
	{ROW("irqs, long", EINVAL, CMD_SET_IRQS, 21, 20, 0x24, 2, 0, 1), FDS(EVENTFDS, 1)},
	{ROW("irqs, argsz small", EINVAL, CMD_SET_IRQS, 20, 19, 0x24, 2, 0, 1), FDS(EVENTFDS, 1)},
	{ROW("irqs, index 0", EINVAL, IRQS(0x24, 0, 0, 1)), FDS(EVENTFDS, 1)},
	{ROW("irqs, index 3", EINVAL, IRQS(0x24, 3, 0, 1)), FDS(EVENTFDS, 1)},
	{ROW("irqs, start too large", EINVAL, IRQS(0x24, 2, VECTORS, 1)), FDS(EVENTFDS, 1)},
	{ROW("irqs, count too large", EINVAL, IRQS(0x24, 2, VECTORS - 1, 2)), FDS(EVENTFDS, 2)},
	{ROW("irqs, start and count beyond 2^32", EINVAL, IRQS(0x24, 2, UINT32_MAX, 2)),
	 FDS(EVENTFDS, 2)},
	{ROW("irqs, count 2^32-1", EINVAL, IRQS(0x24, 2, 1, UINT32_MAX))},
	{ROW("irqs, fewer descriptors than vectors", EINVAL, IRQS(0x24, 2, 0, 2)),
	 FDS(EVENTFDS, 1)},
	{ROW("irqs, more descriptors than vectors", EINVAL, IRQS(0x24, 2, 0, 1)), FDS(EVENTFDS, 2)},
	{ROW("irqs, no vectors", EINVAL, IRQS(0x24, 2, 0, 0))},
	{ROW("irqs, 17 descriptors for 16", EINVAL, IRQS(0x24, 2, 0, 16)), FDS(EVENTFDS, 17)},
	{ROW("irqs, 64 descriptors", EINVAL, IRQS(0x24, 2, 0, 4)), FDS(EVENTFDS, 64)},
	{ROW("irqs, a pipe", EINVAL, IRQS(0x24, 2, 0, 1)), FDS(PIPES, 1)},
	{ROW("irqs, memory", EINVAL, IRQS(0x24, 2, 0, 1)), FDS(MEMORY, 1)},
	{ROW("irqs, mask", EINVAL, IRQS(0x09, 2, 0, 1))},
	{ROW("irqs, booleans", EINVAL, IRQS(0x22, 2, 0, 1))},
	{ROW("irqs, no action", EINVAL, IRQS(0x04, 2, 0, 1)), FDS(EVENTFDS, 1)},
	{ROW("irqs, disable with descriptors", EINVAL, IRQS(0x21, 2, 0, 0)), FDS(EVENTFDS, 1)},
	{ROW("irqs, trigger", EINVAL, IRQS(0x21, 2, 0, 1))},
	/* region access: offset, region, count */
	{ROW("read, short", EINVAL, CMD_REGION_READ, 12, 0)},
	{ROW("read, long", EINVAL, CMD_REGION_READ, 20, WORDS(0), 7, 4)},
	{ROW("read of 0 bytes", EINVAL, READ(0, 7, 0))},
	{ROW("read of the last byte", FINE, READ(4095, 7, 1))},
	{ROW("read across the end", EINVAL, READ(4093, 7, 4))},
	{ROW("read behind the end", EINVAL, READ(4096, 7, 1))},
	{ROW("read beyond 2^64", EINVAL, READ(UINT64_MAX - 3, 7, 8))},
	{ROW("read of 2^32-1", EINVAL, READ(0, 0, UINT32_MAX))},
	{ROW("read of the largest size and a byte", EINVAL, READ(0, 0, (1 << 20) + 1))},
	{ROW("read of the largest size", FINE, READ(0, 0, 1 << 20))},
	{ROW("read of an absent region", EINVAL, READ(0, 1, 4))},
	{ROW("read of region 9", EINVAL, READ(0, 9, 4))},
	{ROW("read of region 2^32-1", EINVAL, READ(0, UINT32_MAX, 4))},
	{ROW("write without data", EINVAL, CMD_REGION_WRITE, 16, WORDS(0), 7, 4)},
	{ROW("write with less data", EINVAL, CMD_REGION_WRITE, 19, WORDS(0), 7, 4)},
	{ROW("write with more data", EINVAL, CMD_REGION_WRITE, 24, WORDS(0), 7, 4)},
	{ROW("write of 0 bytes", EINVAL, CMD_REGION_WRITE, 16, WORDS(0), 7, 0)},
	{ROW("write across the end", EINVAL, CMD_REGION_WRITE, 24, WORDS(4092), 7, 8)},
	{ROW("write, no reply, out of range", SILENT, CMD_REGION_WRITE, 20, WORDS(4096), 7, 4),
	 .flags = FLAG_NO_REPLY},
	{ROW("write with a descriptor", EINVAL, CMD_REGION_WRITE, 20, WORDS(0), 7, 4),
	 FDS(EVENTFDS, 1)},
	/* RESET */
	{ROW("reset, long", EINVAL, CMD_RESET, 1, 0)},
	{ROW("reset with descriptors", EINVAL, CMD_RESET, 0, 0), FDS(EVENTFDS, 16)},
};

static void make_fds(const struct row *row, int *fds)
{
	unsigned i;

	for (i = 0; i < row->fds; i++) {
		int both[2];

		switch (row->kind) {
		case MEMORY:
			fds[i] = guest_memory(8192, true);
			break;
		case PIPES:
			assert_int_equal(pipe(both), 0);
			close(both[0]);
			fds[i] = both[1];
			break;
		case DIRECTORIES:
			fds[i] = open("/", O_RDONLY | O_DIRECTORY);
			break;
		default:
			fds[i] = eventfd(0, EFD_NONBLOCK);
			break;
		}
		assert_true(fds[i] >= 0);
	}
}

static void send_row(struct endpoint *e, const struct row *row)
{
	uint32_t size = row->size ? row->size : 16 + row->body_len;
	uint8_t *bytes = calloc(1, 16 + row->body_len);
	uint16_t id = 0x4321;
	size_t known = row->body_len < sizeof(row->body) ? row->body_len : sizeof(row->body);
	int fds[64] = {0};
	unsigned i;

	assert_non_null(bytes);
	if (size == UINT32_MAX)
		size = 0;
	memcpy(bytes, &id, 2);
	memcpy(bytes + 2, &row->command, 2);
	memcpy(bytes + 4, &size, 4);
	memcpy(bytes + 8, &row->flags, 4);
	memcpy(bytes + 16, row->body, known);
	make_fds(row, fds);
	client_send_bytes(e, bytes, 16 + row->body_len, fds, row->fds);
	for (i = 0; i < row->fds; i++)
		close(fds[i]);
	free(bytes);
}

static void check_outcome(struct endpoint *e, const struct row *row)
{
	struct message m;

	if (row->outcome == DROPPED) {
		assert_true(client_dropped(e));
		return;
	}
	if (row->outcome == SILENT) {
		assert_false(client_receive(e, &m));
		assert_false(client_dropped(e));
		return;
	}
	assert_true(client_receive(e, &m));
	assert_int_equal(m.id, 0x4321);
	assert_int_equal(m.command, row->command);
	assert_int_equal(m.error, row->outcome);
	assert_int_equal(m.flags, row->outcome ? 0x21 : 1);
	if (row->outcome)
		assert_int_equal(m.size, 16);
	message_free(&m);
}

/* @idle descriptors are open while @hostile has no client. */
static void try_row(struct endpoint *hostile, struct endpoint *other, const struct row *row,
		    unsigned idle)
{
	unsigned connected = idle + 2, logs = hostile->logs, writes, resets = hostile->resets;
	bool goes_on = row->outcome != DROPPED && !row->before_version;

	if (row->before_version)
		client_connect(hostile);
	else
		client_handshake(hostile);
	if (goes_on)
		assert_int_equal(dma_map(hostile, 0x8000000, 0x1000, 0, 3, -1), 0);
	assert_int_equal(open_fds_after(connected), connected);
	writes = hostile->writes;
	send_row(hostile, row);
	check_outcome(hostile, row);
	/* The server has closed its socket of a client that it dropped. */
	connected -= row->outcome == DROPPED;
	assert_int_equal(open_fds_after(connected), connected);
	assert_int_equal(hostile->writes, writes);
	assert_int_equal(hostile->resets, resets);
	if (row->outcome != FINE)
		assert_int_equal(hostile->logs, logs + 1);
	assert_alive(other);
	if (goes_on)
		assert_alive(hostile);
	client_close(hostile);
}

TEST(messages)
{
	struct endpoint hostile, other;
	unsigned idle, i;

	endpoint_open(&hostile);
	endpoint_open(&other);
	client_handshake(&other);
	idle = open_fds();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		/* cmocka stops at a failure, so the last row printed is the one that failed. */
		print_message("           %s\n", rows[i].name);
		try_row(&hostile, &other, &rows[i], idle);
	}
	endpoint_close(&hostile);
	endpoint_close(&other);
}

/* Invalid JSON and invalid values are refused; the same client may send VERSION again. */
TEST(json)
{
	static const struct {
		const char *text;
		int err;
	} texts[] = {
		{"", EINVAL},
		{"{", EINVAL},
		{"[]", EINVAL},
		{"7", EINVAL},
		{"null", EINVAL},
		{"{}x", EINVAL},
		{"{\"capabilities\":1}", EINVAL},
		{"{\"capabilities\":null}", EINVAL},
		{"{\"capabilities\":{\"max_data_xfer_size\":0}}", EINVAL},
		{"{\"capabilities\":{\"max_data_xfer_size\":-1}}", EINVAL},
		{"{\"capabilities\":{\"max_data_xfer_size\":\"9\"}}", EINVAL},
		{"{\"capabilities\":{\"max_data_xfer_size\":1e9}}", EINVAL},
		{"{\"capabilities\":{\"max_data_xfer_size\":null}}", EINVAL},
		{"{\"capabilities\":{\"max_data_xfer_size\":99999999999999999999999}}", 0},
		{"{\"capabilities\":{\"max_data_xfer_size\":18446744073709551615}}", 0},
		{"{\"capabilities\":{}}", 0},
		{"{\"other\":[[[[1]]]]}", 0},
		{"{}", 0},
	};
	struct endpoint e;
	char body[4 + 4096] = {0};
	size_t len;
	unsigned i;

	endpoint_open(&e);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		len = strlen(texts[i].text) + 1;
		memcpy(body + 4, texts[i].text, len);
		client_connect(&e);
		/* One byte less: no NUL. */
		assert_int_equal(call(&e, CMD_VERSION, body, 4 + len - 1, -1, NULL),
				 len > 1 ? EINVAL : 0);
		if (len > 1)
			assert_int_equal(call(&e, CMD_VERSION, body, 4 + len, -1, NULL),
					 texts[i].err);
		if (!texts[i].err)
			assert_int_equal(vu_dma_max(e.vu), 1 << 14);
		client_close(&e);
	}
	/* Deep nesting, as long as fits. */
	memset(body + 4, '[', 4095);
	body[4 + 4095] = 0;
	client_connect(&e);
	assert_int_equal(call(&e, CMD_VERSION, body, sizeof(body), -1, NULL), EINVAL);
	/* A NUL in the middle. */
	memcpy(body + 4, "{}\0{}", 6);
	assert_int_equal(call(&e, CMD_VERSION, body, 4 + 6, -1, NULL), EINVAL);
	assert_int_equal(call(&e, CMD_VERSION, body, 4 + 3, -1, NULL), 0);
	endpoint_close(&e);
}

/* An invalid reply to the server's DMA request ends it with an error and changes no buffer. */
TEST(dma_replies)
{
	static const struct {
		uint32_t flags, error;
		uint16_t command;
		int id_off;
		uint32_t body_len, count;
		int status; /* 1: still under way */
	} rows_[] = {
		{1, 0, CMD_DMA_READ, 0, 16 + 8, 8, 0},
		{1, 0, CMD_DMA_READ, 0, 16 + 7, 8, -EPROTO},
		{1, 0, CMD_DMA_READ, 0, 16 + 9, 8, -EPROTO},
		{1, 0, CMD_DMA_READ, 0, 16, 8, -EPROTO},
		{1, 0, CMD_DMA_READ, 0, 0, 8, -EPROTO},
		{1, 0, CMD_DMA_READ, 0, 16 + 8, 7, -EPROTO},
		{1, 0, CMD_DMA_READ, 0, 16 + 2048, 2048, -EPROTO},
		{1, 0, CMD_DMA_WRITE, 0, 16 + 8, 8, -EPROTO},
		{1, 0, CMD_RESET, 0, 0, 0, -EPROTO},
		{1, 0, CMD_DMA_READ, 1, 16 + 8, 8, 1},
		{0x21, ENODEV, CMD_DMA_READ, 0, 0, 0, -ENODEV},
		{0x21, ENODEV, CMD_DMA_READ, 0, 16, 8, -ENODEV},
		{0x21, 0, CMD_DMA_READ, 0, 0, 0, -EIO},
		{0x21, 0x80000000, CMD_DMA_READ, 0, 0, 0, -EIO},
		{0x21, UINT32_MAX, CMD_DMA_READ, 0, 0, 0, -EIO},
	};
	struct endpoint e;
	unsigned i;

	endpoint_open(&e);
	for (i = 0; i < ARRAY_SIZE(rows_); i++) {
		uint8_t bytes[16 + 16 + 2048], before[64], buf[64];
		uint32_t size = 16 + rows_[i].body_len;
		uint64_t count = rows_[i].count;
		unsigned ends = e.dma_ends;
		struct message m;
		uint16_t id;

		client_handshake(&e);
		memset(buf, 0xaa, sizeof(buf));
		memset(before, 0xaa, sizeof(before));
		memset(bytes, 0x55, sizeof(bytes));
		assert_int_equal(vu_dma_read(e.vu, 0x1000, buf, 8), 0);
		assert_true(client_receive(&e, &m));
		id = (uint16_t)(m.id + rows_[i].id_off);
		message_free(&m);
		memcpy(bytes, &id, 2);
		memcpy(bytes + 2, &rows_[i].command, 2);
		memcpy(bytes + 4, &size, 4);
		memcpy(bytes + 8, &rows_[i].flags, 4);
		memcpy(bytes + 12, &rows_[i].error, 4);
		memcpy(bytes + 24, &count, 8);
		client_send_bytes(&e, bytes, size, NULL, 0);
		assert_int_equal(e.dma_ends, ends + (rows_[i].status != 1));
		if (rows_[i].status != 1)
			assert_int_equal(e.dma_status, rows_[i].status);
		assert_memory_equal(buf + 8, before, sizeof(buf) - 8);
		if (rows_[i].status)
			assert_memory_equal(buf, before, 8);
		else
			assert_int_equal(buf[0], 0x55);
		/* A second reply to a request is ignored. */
		client_send_bytes(&e, bytes, size, NULL, 0);
		assert_int_equal(e.dma_ends, ends + (rows_[i].status != 1));
		assert_alive(&e);
		client_close(&e);
	}
	endpoint_close(&e);
}

/* A client that disconnects at any byte of a message leaves no map and no descriptor. */
TEST(disconnect_at_any_byte)
{
	const uint32_t map[] = {2 << 16 | 7,   48,	     0, 0, 32, 3, WORDS(0),
				WORDS(0x8000), WORDS(0x1000)};
	struct endpoint e, other;
	unsigned fds_before;
	size_t cut;
	int fd;

	endpoint_open(&e);
	endpoint_open(&other);
	client_handshake(&other);
	fds_before = open_fds();
	for (cut = 1; cut <= sizeof(map); cut++) {
		size_t len = 8;

		client_handshake(&e);
		fd = guest_memory(0x1000, true);
		client_send_bytes(&e, map, cut, &fd, 1);
		close(fd);
		client_close(&e);
		assert_null(vu_dma_ptr(e.vu, 0x8000, &len, false));
		assert_int_equal(open_fds_after(fds_before), fds_before);
		assert_int_equal(e.disconnects, cut);
		assert_alive(&other);
	}
	endpoint_close(&e);
	endpoint_close(&other);
}

/* Descriptors on every byte of one message: no more than 16 are kept, and all are closed. */
TEST(descriptor_on_every_byte)
{
	const uint32_t irqs[] = {8 << 16 | 7, 36, 0, 0, 20, 0x24, 2, 0, 1};
	struct endpoint e;
	unsigned fds_before, i;
	struct message m;
	int fd;

	endpoint_open(&e);
	client_handshake(&e);
	fds_before = open_fds();
	for (i = 0; i < sizeof(irqs); i++) {
		fd = eventfd(0, 0);
		client_send_bytes(&e, (const uint8_t *)irqs + i, 1, &fd, 1);
		close(fd);
		assert_true(open_fds_after(fds_before + (i < 16 ? i + 1 : 16)) <= fds_before + 16);
	}
	assert_true(client_receive(&e, &m));
	assert_int_equal(m.error, EINVAL);
	message_free(&m);
	assert_int_equal(open_fds_after(fds_before), fds_before);
	assert_alive(&e);
	endpoint_close(&e);
}
