// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes garbage into PCI functions for a while, by sysfs, as a hostile guest can: the process that
 * serves them must go on. The same seed gives the same writes.
 * usage: garbage doorbells|all SECONDS SEED ADDRESS…
 *   doorbells  those of NICs, which their driver uses meanwhile
 *   all        every BAR and all of configuration space, of functions without a driver
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "random.h"

#define FUNCTIONS    16
#define BARS	     6
#define CONFIG_BYTES 4096
#define HEADER	     0x04 /* from the command register to the last BAR */
#define HEADER_BYTES 0x24
#define PAGE	     4096u
#define NUMBERS	     0x200 /* numbers of a device's objects are below this */

/* BAR0 of the NIC (devices/cx): the initialisation segment, then pages of doorbells. */
#define UARS	 0x10000u
#define CQ_ARM	 0x20u
#define EQ_FIRST 0x40u
#define EQ_END	 0x50u
#define SQ	 0x800u

struct function {
	const char *address;
	int config;
	uint8_t header[HEADER_BYTES]; /* its first value */
	volatile uint8_t *bar[BARS];
	size_t size[BARS];
};

static uint64_t writes, config_writes;

static int open_file(const struct function *f, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", f->address, name);
	return open(path, O_RDWR | O_SYNC | O_CLOEXEC);
}

static void map_bar(struct function *f, unsigned bar)
{
	char name[16];
	struct stat st;
	void *map;
	int fd;

	snprintf(name, sizeof(name), "resource%u", bar);
	fd = open_file(f, name);
	if (fd < 0)
		return;
	map = fstat(fd, &st)
		      ? MAP_FAILED
		      : mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return;
	f->bar[bar] = map;
	f->size[bar] = (size_t)st.st_size;
}

/* Fails without BAR0, since the program would succeed without a write. */
static int open_function(struct function *f, const char *address)
{
	f->address = address;
	f->config = open_file(f, "config");
	if (f->config < 0 || pread(f->config, f->header, HEADER_BYTES, HEADER) != HEADER_BYTES)
		return -1;
	f->header[0] |= 2; /* Memory Space Enable, which a driver clears when it is unbound */
	if (pwrite(f->config, f->header, 1, HEADER) != 1)
		return -1;
	for (unsigned bar = 0; bar < BARS; bar++)
		map_bar(f, bar);
	return f->bar[0] ? 0 : -1;
}

/* Aligned, as a CPU writes to a device. */
static void put(volatile uint8_t *at, unsigned log_bytes, uint64_t value)
{
	switch (log_bytes) {
	case 0:
		*at = (uint8_t)value;
		break;
	case 1:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 2:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)at = value;
		break;
	}
	writes++;
}

/* A small big-endian number, as of an object, or any value. */
static uint64_t garbage_value(struct random *random)
{
	if (random_once(random, 2))
		return random_u64(random);
	return __builtin_bswap64((uint64_t)random_below(random, NUMBERS) << 32 |
				 random_below(random, NUMBERS) << (random_once(random, 2) ? 8 : 0));
}

/*
 * Leaves out the doorbells of event queues, which a driver uses: after a wrong consumer index the
 * driver waits a minute for each command. That is a problem of the guest alone.
 */
static void write_doorbell(struct function *f, struct random *random)
{
	static const unsigned places[] = {CQ_ARM, SQ, SQ + 8, SQ + 0x100};
	uint32_t pages = (uint32_t)(f->size[0] - UARS) / PAGE;
	uint32_t page = UARS + PAGE * random_below(random, random_once(random, 4) ? pages : 64);
	uint32_t at = random_below(random, PAGE / 8) * 8;

	if (at >= EQ_FIRST && at < EQ_END)
		at = CQ_ARM;
	if (random_once(random, 2))
		at = places[random_below(random, 4)];
	put(f->bar[0] + page + at, 3, garbage_value(random));
}

/* Mostly near the start, where the registers are. */
static void write_bar(struct function *f, struct random *random)
{
	unsigned bar = random_below(random, BARS), log_bytes = random_below(random, 4);
	size_t size = f->size[bar];
	size_t at;

	if (!size)
		return;
	if (!random_once(random, 3) && size > UARS + 64 * PAGE)
		size = UARS + 64 * PAGE;
	if (random_once(random, 4))
		size = PAGE;
	at = random_below(random, (uint32_t)(size >> log_bytes));
	put(f->bar[bar] + (at << log_bytes), log_bytes, garbage_value(random));
}

static void write_config(struct function *f, struct random *random)
{
	uint32_t limit = random_once(random, 2) ? CONFIG_BYTES : 0x100;
	unsigned bytes = 1u << random_below(random, 3);
	uint32_t value = random_u32(random);

	if (pwrite(f->config, &value, bytes, random_below(random, limit / bytes) * bytes) > 0)
		config_writes++;
}

/*
 * Writes are posted, and QEMU treats a device as dead that does not answer a driver's read within
 * some seconds. This read waits for the writes, so that few are outstanding.
 */
static void push(const struct function *f)
{
	(void)*(volatile uint32_t *)f->bar[0];
}

/* So that the BARs are at their first addresses. */
static void restore_header(struct function *f)
{
	for (unsigned at = 0; at < HEADER_BYTES; at += 4)
		if (pwrite(f->config, f->header + at, 4, HEADER + at) != 4)
			abort();
}

static void write_all(struct function *f, struct random *random)
{
	for (unsigned n = random_below(random, 64); n; n--)
		write_config(f, random);
	/* Sometimes with the header that these writes left. */
	if (!random_once(random, 8))
		restore_header(f);
	for (unsigned n = 0; n < 1000; n++)
		write_bar(f, random);
	push(f);
}

static void write_doorbells(struct function *f, struct random *random)
{
	for (unsigned n = 0; n < 1000; n++)
		write_doorbell(f, random);
	push(f);
}

int main(int argc, char **argv)
{
	static struct function functions[FUNCTIONS];
	unsigned count = 0, seconds;
	struct random random;
	bool all;
	time_t end;

	if (argc < 5 || argc - 4 > FUNCTIONS) {
		fprintf(stderr, "usage: garbage doorbells|all SECONDS SEED ADDRESS...\n");
		return 2;
	}
	all = !strcmp(argv[1], "all");
	seconds = (unsigned)strtoul(argv[2], NULL, 10);
	random = random_start(strtoull(argv[3], NULL, 0));
	for (; count < (unsigned)argc - 4; count++) {
		if (!open_function(&functions[count], argv[4 + count]))
			continue;
		fprintf(stderr, "garbage: cannot open %s: %s; does it exist, and are you root?\n",
			argv[4 + count], strerror(errno));
		return 1;
	}
	end = time(NULL) + (time_t)seconds;
	while (time(NULL) < end) {
		struct function *f = &functions[random_below(&random, count)];

		if (all)
			write_all(f, &random);
		else
			write_doorbells(f, &random);
	}
	for (unsigned i = 0; all && i < count; i++)
		restore_header(&functions[i]);
	printf("garbage: %s, seed %s: %" PRIu64 " writes to BARs, %" PRIu64
	       " to configuration space, of %u functions\n",
	       argv[1], argv[3], writes, config_writes, count);
	return 0;
}
