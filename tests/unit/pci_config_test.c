// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration space as a guest sees it. Theory of operation: the function
 * under test is built as a device builds it, registers are accessed by
 * pci_config_read() and pci_config_write(), capabilities are found by walking the
 * list, and values are compared with constants of the specification.
 */
#include <errno.h>
#include <string.h>

#include "devices/pci/function.h"
#include "tests/test.h"
#include "util/macros.h"

#define ST_ENTRIES 64

struct device {
	struct pci_function function;
	unsigned resets, cancels, writes;
	unsigned written_offset;
	size_t written_len;
};

static void note_reset(struct pci_function *f)
{
	((struct device *)f)->resets++;
}

static void note_cancel(void *ctx)
{
	struct device *device = ctx;

	device->cancels++;
	/* Requests are cancelled before the reset, so that none ends after it. */
	assert_int_equal(device->resets + 1, device->cancels);
}

static void note_write(struct pci_function *f, unsigned offset, size_t len)
{
	struct device *device = (struct device *)f;

	device->writes++;
	device->written_offset = offset;
	device->written_len = len;
}

static const struct pci_function_ops ops = {
	.reset = note_reset,
	.config_written = note_write,
};

static const struct pci_identity identity = {
	.vendor = 0x1234,
	.device = 0x5678,
	.subsystem_vendor = 0x9abc,
	.subsystem = 0xdef0,
	.class_code = 0x020700,
	.revision = 0x42,
};

static struct device device;

/* 64 MiB at BAR 0, 64 KiB with MSI-X at BAR 2, 8 GiB at BAR 4 */
static void build(enum pci_tph_completer completer, bool extended, unsigned st_entries)
{
	struct pci_function *f = &device.function;

	memset(&device, 0, sizeof(device));
	f->ops = &ops;
	f->link = (struct pci_function_link){.ctx = &device, .cancel = note_cancel};
	f->bars[0] = (struct pci_bar){
		.size = 64ull << 20, .is_64bit = true, .prefetchable = true, .mmap_fd = -1};
	f->bars[2] = (struct pci_bar){
		.size = 64ull << 10, .is_64bit = false, .prefetchable = false, .mmap_fd = -1};
	f->bars[4] = (struct pci_bar){
		.size = 8ull << 30, .is_64bit = true, .prefetchable = true, .mmap_fd = -1};
	f->msix_vectors = 5;
	pci_config_init(f, &identity);
	pci_config_add_bars(f);
	pci_config_add_express(f, completer, completer == PCI_TPH_COMPLETER_16, 512);
	pci_config_add_msix(f, 2, 0x8000);
	pci_config_add_pm(f);
	pci_config_add_tph(f, extended, st_entries);
	pci_config_seal(f);
}

static int setup(void **state)
{
	(void)state;
	build(PCI_TPH_COMPLETER_16, true, ST_ENTRIES);
	return 0;
}

static uint32_t get(unsigned offset, size_t len)
{
	uint8_t bytes[4] = {0};

	assert_int_equal(pci_config_read(&device.function, offset, bytes, len), 0);
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void set(unsigned offset, size_t len, uint32_t value)
{
	uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			    (uint8_t)(value >> 24)};

	assert_int_equal(pci_config_write(&device.function, offset, bytes, len), 0);
}

/* Walks the list at 0x34, as software does; fails for a loop. */
static unsigned find_cap(uint8_t id)
{
	unsigned at = get(0x34, 1), steps = 0;

	assert_true(get(0x06, 2) & 0x10);
	while (at) {
		assert_true(at >= 0x40 && at % 4 == 0 && ++steps < 48);
		if (get(at, 1) == id)
			return at;
		at = get(at + 1, 1);
	}
	fail_msg("capability 0x%02x not found", id);
	return 0;
}

#define CONFIG_TEST(name) TEST_WITH(name, setup, NULL)

CONFIG_TEST(identity)
{
	assert_int_equal(get(0x00, 4), 0x56781234);
	assert_int_equal(get(0x08, 4), 0x02070042);
	assert_int_equal(get(0x0e, 1), 0); /* type 0 header, one function */
	assert_int_equal(get(0x2c, 4), 0xdef09abc);
	assert_int_equal(get(0x30, 4), 0); /* no ROM */
	assert_int_equal(get(0x3d, 1), 0); /* no INTx */
	assert_int_equal(get(0x04, 2), 0);
}

/* All ones and then zeros to every byte, without FLR and D3hot: read-only bits must not change. */
CONFIG_TEST(read_only_bits)
{
	static const struct {
		unsigned offset;
		uint32_t writable;
	} known[] = {
		{0x00, 0},	    {0x04, 0x0546},	{0x08, 0},	    {0x0c, 0xff},
		{0x10, 0xfc000000}, {0x14, 0xffffffff}, {0x18, 0xffff0000}, {0x1c, 0},
		{0x20, 0},	    {0x24, 0xfffffffe}, {0x28, 0},	    {0x2c, 0},
		{0x30, 0},	    {0x34, 0},		{0x38, 0},	    {0x3c, 0xff},
	};
	uint8_t before[PCI_CONFIG_BYTES], ones[PCI_CONFIG_BYTES], zeros[PCI_CONFIG_BYTES] = {0};
	uint8_t after[PCI_CONFIG_BYTES];
	struct pci_function *f = &device.function;

	memset(ones, 0xff, sizeof(ones));
	ones[find_cap(0x10) + 9] = 0x7f;
	ones[find_cap(0x01) + 4] = 0xfc;
	pci_config_read(f, 0, before, sizeof(before));
	assert_int_equal(pci_config_write(f, 0, ones, sizeof(ones)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		uint32_t old;

		memcpy(&old, before + known[i].offset, 4);
		assert_int_equal(get(known[i].offset, 4), old | known[i].writable);
	}
	assert_int_equal(pci_config_write(f, 0, zeros, sizeof(zeros)), 0);
	pci_config_read(f, 0, after, sizeof(after));
	for (unsigned i = 0; i < PCI_CONFIG_BYTES; i++)
		assert_int_equal(after[i], before[i] & ~f->config_writable[i]);
	assert_int_equal(device.resets, 0);
}

CONFIG_TEST(bar_sizing)
{
	set(0x10, 4, 0xffffffff);
	set(0x14, 4, 0xffffffff);
	assert_int_equal(get(0x10, 4), 0xfc00000c); /* 64 bits, prefetchable, 64 MiB */
	assert_int_equal(get(0x14, 4), 0xffffffff);
	set(0x18, 4, 0xffffffff);
	assert_int_equal(get(0x18, 4), 0xffff0000);
	set(0x1c, 4, 0xffffffff);
	assert_int_equal(get(0x1c, 4), 0);
	set(0x20, 4, 0xffffffff);
	set(0x24, 4, 0xffffffff);
	assert_int_equal(get(0x20, 4), 0x0000000c); /* 8 GiB: the lower half is all flags */
	assert_int_equal(get(0x24, 4), 0xfffffffe);
}

/* A BAR is decoded with memory enable set and an address, and not while it is being sized. */
CONFIG_TEST(bar_window)
{
	struct pci_function *f = &device.function;
	uint64_t base, size;

	set(0x10, 4, 0x40000000);
	set(0x14, 4, 0x000000fc);
	assert_false(pci_function_bar_window(f, 0, &base, &size));
	set(0x04, 2, 0x0002);
	assert_true(pci_function_bar_window(f, 0, &base, &size));
	assert_int_equal(base, 0xfc40000000);
	assert_int_equal(size, 64 << 20);
	assert_false(pci_function_bar_window(f, 1, &base, &size)); /* an upper half */
	assert_false(pci_function_bar_window(f, 2, &base, &size)); /* address 0 */
	set(0x18, 4, 0xfebf0000);
	assert_true(pci_function_bar_window(f, 2, &base, &size));
	assert_int_equal(base, 0xfebf0000);
	set(0x18, 4, 0xffffffff);
	assert_false(pci_function_bar_window(f, 2, &base, &size));
	set(0x10, 4, 0xffffffff);
	set(0x14, 4, 0xffffffff);
	assert_false(pci_function_bar_window(f, 0, &base, &size));
	assert_false(pci_function_bar_window(f, 6, &base, &size));
	assert_false(pci_function_bar_window(f, 0xffffffff, &base, &size));

	assert_false(pci_function_bus_master(f));
	set(0x04, 1, 0x04);
	assert_true(pci_function_bus_master(f));
}

CONFIG_TEST(express)
{
	static const struct {
		enum pci_tph_completer completer;
		uint32_t devcap2;
	} types[] = {
		{PCI_TPH_COMPLETER_NONE, 0x00000010},
		{PCI_TPH_COMPLETER_8, 0x00001010},
		{PCI_TPH_COMPLETER_16, 0x00703010}, /* and End-End prefixes, one at most */
	};

	for (size_t i = 0; i < 3; i++) {
		unsigned at;

		build(types[i].completer, false, 0);
		at = find_cap(0x10);
		assert_int_equal(at, device.function.pcie_cap);
		assert_int_equal(get(at + 2, 2), 0x0002);     /* version 2, Endpoint */
		assert_int_equal(get(at + 4, 4), 0x10008022); /* FLR, RBER, tags, MPS 512 */
		assert_int_equal(get(at + 0x24, 4), types[i].devcap2);
		set(at + 8, 2, 0x5020);
		assert_int_equal(get(at + 8, 2), 0x5020); /* MRRS 4096, MPS 256 */
		assert_int_equal(get(at + 0x12, 2) & 0xf, get(at + 0x0c, 4) & 0xf);
	}
}

/* A link in flit mode, also after a reset: 64 GT/s, and no prefixes. */
CONFIG_TEST(express_flit)
{
	unsigned at = find_cap(0x10);

	pci_config_set_flit(&device.function);
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(get(at + 2, 2), 0x8002);
		assert_int_equal(get(at + 0x0c, 2), 0x0106); /* x16, 64 GT/s */
		assert_int_equal(get(at + 0x12, 2), 0x0106);
		assert_int_equal(get(at + 0x24, 4), 0x00003010);
		assert_int_equal(get(at + 0x2c, 4), 0x0000007e);
		assert_int_equal(get(at + 0x32, 2), 0x0400);
		set(at + 0x32, 2, 0);
		assert_int_equal(get(at + 0x32, 2), 0x0400);
		pci_function_reset(&device.function, false);
	}
	/* What it advertises later has no prefixes either. */
	pci_tph_advertise_completer(&device.function, PCI_TPH_COMPLETER_8);
	pci_tph_advertise_completer(&device.function, PCI_TPH_COMPLETER_16);
	pci_function_reset(&device.function, false);
	assert_int_equal(get(at + 0x24, 4), 0x00003010);
}

/* FLR by each access that covers bit 15, which reads 0; MPS and Link Controls stay (6.6.2). */
CONFIG_TEST(flr)
{
	static const struct {
		unsigned offset;
		size_t len;
		uint32_t value;
	} accesses[] = {{8, 2, 0x8020}, {8, 4, 0x00008020}, {9, 1, 0x80}};
	unsigned at = find_cap(0x10);

	for (unsigned i = 0; i < 3; i++) {
		set(0x04, 2, 0x0006);
		set(0x14, 4, 0x12345678);
		set(0x108, 4, 0x302);
		set(0x10c, 2, 0xbeef);
		set(at + 8, 2, 0x5020);
		set(at + 0x10, 2, 0x40);
		set(at + 0x30, 2, 0x4);
		device.writes = 0;
		set(at + accesses[i].offset, accesses[i].len, accesses[i].value);
		assert_int_equal(device.resets, i + 1);
		assert_int_equal(device.writes, 0);
		assert_int_equal(get(0x04, 2), 0);
		assert_int_equal(get(0x14, 4), 0x12345678); /* the guest's address stays */
		assert_int_equal(get(0x108, 4), 0);
		assert_int_equal(get(0x10c, 2), 0);
		assert_int_equal(get(at + 8, 2), 0x2830); /* default but for MPS 256 */
		assert_int_equal(get(at + 0x10, 2), 0x40);
		assert_int_equal(get(at + 0x30, 2), 0x4);
	}
	set(at + 8, 1, 0x80); /* the low byte alone is no FLR */
	assert_int_equal(device.resets, 3);
}

/* In D3hot there are no BARs and no requests; the return to D0 is a reset (5.3.1.4, 7.5.2). */
CONFIG_TEST(power_states)
{
	struct pci_function *f = &device.function;
	unsigned at = find_cap(0x01);
	uint64_t base, size;

	assert_int_equal(get(at + 2, 2), 0x0003);
	set(0x04, 2, 0x0006);
	set(0x10, 4, 0x80000000);
	set(at + 4, 2, 0xfffc); /* D0, and bits that are read-only */
	assert_int_equal(get(at + 4, 2), 0);
	for (unsigned unsupported = 1; unsupported <= 2; unsupported++) {
		set(at + 4, 2, unsupported);
		assert_int_equal(get(at + 4, 2), 0);
		assert_true(pci_function_bar_window(f, 0, &base, &size));
	}
	set(at + 4, 2, 3);
	assert_int_equal(get(at + 4, 2), 3);
	assert_false(pci_function_in_d0(f));
	assert_false(pci_function_bar_window(f, 0, &base, &size));
	assert_false(pci_function_bus_master(f));
	for (unsigned unsupported = 1; unsupported <= 2; unsupported++) {
		set(at + 4, 2, unsupported);
		assert_int_equal(get(at + 4, 2), 3);
	}
	assert_int_equal(get(0x04, 2), 0x0006); /* nothing is lost until it returns */
	assert_int_equal(device.resets, 0);
	set(at + 4, 1, 0);
	assert_int_equal(device.resets, 1);
	assert_int_equal(get(at + 4, 2), 0);
	assert_int_equal(get(0x04, 2), 0);
	set(0x04, 2, 0x0006);
	assert_true(pci_function_bar_window(f, 0, &base, &size));
	assert_int_equal(base, 0x80000000); /* the guest's address stays */
	set(at + 4, 2, 3);
	pci_function_reset(f, false);
	assert_true(pci_function_in_d0(f));
}

CONFIG_TEST(machine_reset)
{
	uint8_t before[PCI_CONFIG_BYTES], after[PCI_CONFIG_BYTES], ones[PCI_CONFIG_BYTES];
	struct pci_function *f = &device.function;

	memset(ones, 0xff, sizeof(ones));
	ones[find_cap(0x10) + 9] = 0x7f;
	pci_config_read(f, 0, before, sizeof(before));
	pci_config_write(f, 0, ones, sizeof(ones));
	pci_config_read(f, 0, after, sizeof(after));
	assert_memory_not_equal(before, after, sizeof(before));
	pci_function_reset(f, false);
	pci_config_read(f, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(device.resets, 1);
	pci_config_write(f, 0, ones, sizeof(ones));
	pci_function_reset(f, true);
	assert_int_equal(get(0x14, 4), 0xffffffff);
	assert_int_equal(get(0x04, 2), 0);
}

CONFIG_TEST(msix)
{
	unsigned at = find_cap(0x11);

	assert_int_equal(get(at + 2, 2), 4); /* five vectors */
	assert_int_equal(get(at + 4, 4), 0x8000 | 2);
	assert_int_equal(get(at + 8, 4), 0x8050 | 2);
	set(at + 2, 2, 0xffff);
	assert_int_equal(get(at + 2, 2), 0xc004);
}

CONFIG_TEST(tph_capability)
{
	assert_int_equal(get(0x100, 4), 0x00010017);
	assert_int_equal(get(0x104, 4), 0x003f0305); /* 64 entries in it, extended, DS, No-ST */
	assert_true(pci_tph_has_table(&device.function));

	build(PCI_TPH_COMPLETER_NONE, true, 0);
	assert_int_equal(get(0x104, 4), 0x00000105);
	assert_false(pci_tph_has_table(&device.function));
	set(0x10c, 2, 0x1234); /* no table */
	assert_int_equal(get(0x10c, 2), 0);
	assert_int_equal(pci_tph_st_entry(&device.function, 0), 0);

	build(PCI_TPH_COMPLETER_NONE, false, 256);
	assert_int_equal(get(0x104, 4), 0x00ff0205);
}

/* The control register determines which hints may be sent: mode 2:0, enable 9:8. */
CONFIG_TEST(tph_control)
{
	static const struct {
		uint32_t control;
		unsigned bits16, bits8; /* of a requester with 16-bit tags, and without */
		bool steers;
	} known[] = {
		{0x000, 0, 0, false}, {0x100, 8, 8, false}, {0x300, 16, 8, false},
		{0x002, 0, 0, true},  {0x102, 8, 8, true},  {0x302, 16, 8, true},
		{0x202, 0, 0, true},  /* enable 10b is reserved */
		{0x301, 0, 0, false}, /* interrupt vector mode is not supported */
		{0x307, 0, 0, false},
	};
	struct pci_function *f = &device.function;

	for (int extended = 0; extended < 2; extended++) {
		build(PCI_TPH_COMPLETER_NONE, extended, ST_ENTRIES);
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			set(0x108, 4, known[i].control);
			assert_int_equal(pci_tph_requester_bits(f),
					 extended ? known[i].bits16 : known[i].bits8);
			assert_int_equal(pci_tph_device_specific(f), known[i].steers);
		}
		set(0x108, 4, 0xffffffff);
		assert_int_equal(get(0x108, 4), extended ? 0x307 : 0x107);
	}
}

/* A change of what is advertised takes effect at the next reset, the machine's or FLR. */
CONFIG_TEST(tph_advertised)
{
	struct pci_function *f = &device.function;
	uint32_t devcap2 = f->pcie_cap + 0x24;

	for (int flr = 0; flr < 2; flr++) {
		build(PCI_TPH_COMPLETER_16, true, ST_ENTRIES);
		pci_tph_advertise_completer(f, PCI_TPH_COMPLETER_8);
		pci_tph_advertise_requester(f, 8);
		assert_int_equal(get(devcap2, 4), 0x00703010);
		assert_int_equal(get(0x104, 4), 0x003f0305);
		if (flr)
			set(f->pcie_cap + 8, 2, 0x8000);
		else
			pci_function_reset(f, false);
		assert_int_equal(get(devcap2, 4), 0x00001010);
		assert_int_equal(pci_tph_completer_type(f), PCI_TPH_COMPLETER_8);
		assert_int_equal(get(0x104, 4), 0x003f0205);
		set(0x108, 4, 0xffffffff);
		assert_int_equal(get(0x108, 4), 0x107);
		pci_tph_advertise_completer(f, PCI_TPH_COMPLETER_NONE);
		pci_tph_advertise_requester(f, 0);
		pci_function_reset(f, false);
		assert_int_equal(get(devcap2, 4), 0x00000010);
		assert_int_equal(get(0x104, 4), 0);
		assert_false(pci_tph_has_table(f));
		set(0x108, 4, 0xffffffff);
		assert_int_equal(get(0x108, 4), 0);
		assert_int_equal(pci_tph_requester_bits(f), 0);
		pci_tph_advertise_completer(f, PCI_TPH_COMPLETER_16);
		pci_tph_advertise_requester(f, 16);
		pci_function_reset(f, false);
		assert_int_equal(get(devcap2, 4), 0x00703010);
		assert_int_equal(get(0x104, 4), 0x003f0305);
		set(0x108, 4, 0xffffffff);
		assert_int_equal(get(0x108, 4), 0x307);
	}
}

/* Entries are 16 bits each and may be written whether TPH is enabled or not. */
CONFIG_TEST(st_entries)
{
	struct pci_function *f = &device.function;

	for (uint32_t control = 0; control <= 0x302; control += 0x302) {
		set(0x108, 4, control);
		for (unsigned i = 0; i < ST_ENTRIES; i++)
			set(0x10c + 2 * i, 2, 0x1000 + control + i);
		for (unsigned i = 0; i < ST_ENTRIES; i++)
			assert_int_equal(pci_tph_st_entry(f, i), 0x1000 + control + i);
		assert_int_equal(get(0x108, 4), control);
	}
	assert_int_equal(device.written_offset, 0x10c + 2 * (ST_ENTRIES - 1));
	assert_int_equal(device.written_len, 2);
	assert_int_equal(pci_tph_st_entry(f, ST_ENTRIES), 0);
	assert_int_equal(pci_tph_st_entry(f, 0xffffffff), 0);
	set(0x10c + 2 * ST_ENTRIES, 2, 0xffff); /* behind the table */
	assert_int_equal(get(0x10c + 2 * ST_ENTRIES, 2), 0);
	set(0x10d, 1, 0xaa);
	assert_int_equal(pci_tph_st_entry(f, 0), 0xaa02);
}

CONFIG_TEST(no_tph)
{
	struct pci_function *f = &device.function;

	memset(&device, 0, sizeof(device));
	f->ops = &ops;
	pci_config_init(f, &identity);
	pci_config_seal(f);
	set(0x108, 4, 0x302);
	set(0x08, 2, 0x8000); /* where DevCtl would be with a capability at 0 */
	assert_int_equal(device.resets, 0);
	assert_int_equal(pci_tph_requester_bits(f), 0);
	assert_false(pci_tph_device_specific(f));
	assert_false(pci_tph_has_table(f));
	assert_int_equal(pci_tph_st_entry(f, 0), 0);
	assert_int_equal(get(0x100, 4), 0); /* an empty list of extended capabilities */
}

/* Offsets and lengths near the limits: an access in range succeeds, any other has no effect. */
CONFIG_TEST(access_ranges)
{
	static const size_t lens[] = {0, 1, 2, 3, 4, 8, 4095, 4096, 4097, SIZE_MAX};
	static const unsigned offsets[] = {0,	 1,    2,    4090,	4092,	   4095,
					   4096, 4097, 8192, INT32_MAX, UINT32_MAX};
	uint8_t space[PCI_CONFIG_BYTES], buffer[PCI_CONFIG_BYTES];
	struct pci_function *f = &device.function;

	pci_config_read(f, 0, space, sizeof(space));
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(lens); j++) {
			bool fits = lens[j] <= 4096 && offsets[i] <= 4096 - lens[j];
			int want = fits ? 0 : -EINVAL;

			assert_int_equal(pci_config_read(f, offsets[i], buffer, lens[j]), want);
			if (fits)
				assert_memory_equal(buffer, space + offsets[i], lens[j]);
			assert_int_equal(pci_config_write(f, offsets[i], buffer, lens[j]), want);
		}
	}
	pci_config_read(f, 0, buffer, sizeof(buffer));
	assert_memory_equal(buffer, space, sizeof(space));
	assert_int_equal(pci_config_get16(f, 4095), 0xffff);
	assert_int_equal(pci_config_get32(f, 4093), 0xffffffff);
	assert_int_equal(pci_config_get16(f, 0xffffffff), 0xffff);
	assert_int_equal(pci_config_get16(f, 2), 0x5678);
}

CONFIG_TEST(written_callback)
{
	set(0x00, 4, 0xffffffff);
	set(0x104, 4, 0xffffffff);
	assert_int_equal(device.writes, 0); /* nothing writable there */
	set(0x04, 2, 0x0002);
	assert_int_equal(device.writes, 1);
	assert_int_equal(device.written_offset, 4);
	assert_int_equal(device.written_len, 2);
	set(0x04, 2, 0x0002); /* the same value is a write, too */
	assert_int_equal(device.writes, 2);
}
