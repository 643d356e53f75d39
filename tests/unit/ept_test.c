// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The endpoint through its interface. Theory of operation: registers are written
 * as the kernel's pci_endpoint_test writes them, an array replaces the memory
 * behind the fabric, and the hint of the last request is kept.
 */
#include <errno.h>
#include <string.h>

#include "devices/ept/ept.h"
#include "devices/ept/ept_regs.h"
#include "tests/test.h"
#include "util/bytes.h"

#define MEMORY_BASE	  0x123400000ull
#define MEMORY_BYTES	  20000u
#define TPH_CTRL_DS(bits) (2u | ((bits) == 8 ? 1u : 3u) << 8)

static struct pci_function *f;
static uint8_t memory[MEMORY_BYTES];
static struct tlp_hint last_hint;
static unsigned requests, irqs, last_vector;
static int answer;
static bool deferred; /* requests end later, by dma_done() */

static int access_memory(uint64_t addr, size_t len, const struct tlp_hint *hint)
{
	last_hint = *hint;
	requests++;
	if (!answer)
		assert_true(len <= MEMORY_BYTES && addr >= MEMORY_BASE &&
			    addr - MEMORY_BASE <= MEMORY_BYTES - len);
	return answer;
}

static int on_write(void *ctx, uint64_t addr, const void *data, size_t len,
		    const struct tlp_hint *hint, unsigned flags)
{
	int ret = access_memory(addr, len, hint);

	(void)ctx;
	(void)flags;
	if (!ret)
		memcpy(memory + (addr - MEMORY_BASE), data, len);
	return ret;
}

static int on_read(void *ctx, uint64_t addr, void *buf, size_t len, const struct tlp_hint *hint,
		   unsigned flags)
{
	int ret = access_memory(addr, len, hint);

	(void)ctx;
	(void)flags;
	if (!ret)
		memcpy(buf, memory + (addr - MEMORY_BASE), len);
	return deferred && !ret ? -EINPROGRESS : ret;
}

static void on_msix(void *ctx, unsigned vector)
{
	(void)ctx;
	last_vector = vector;
	irqs++;
}

static void create(unsigned tph_bits)
{
	const struct ept_config config = {tph_bits};
	const struct pci_function_link link = {.write = on_write, .read = on_read, .msix = on_msix};

	requests = irqs = 0;
	answer = 0;
	deferred = false;
	memset(memory, 0, sizeof(memory));
	assert_int_equal(ept_create(&f, &config, &link), 0);
}

static void enable_tph(unsigned bits)
{
	uint32_t ctrl = TPH_CTRL_DS(bits);

	assert_int_equal(pci_config_write(f, f->tph_cap + 8, &ctrl, 4), 0);
}

static int setup(void **state)
{
	(void)state;
	create(16);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	f->ops->destroy(f);
	return 0;
}

static uint32_t get(unsigned offset)
{
	uint8_t bytes[4];

	assert_int_equal(f->ops->bar_read(f, EPT_BAR_REGS, offset, bytes, 4), 0);
	return get_le32(bytes);
}

static void set(unsigned offset, uint32_t value)
{
	uint8_t bytes[4];

	put_le32(bytes, value);
	assert_int_equal(f->ops->bar_write(f, EPT_BAR_REGS, offset, bytes, 4), 0);
}

static void start(uint32_t command, unsigned address_reg, uint32_t size)
{
	set(address_reg, (uint32_t)MEMORY_BASE);
	set(address_reg + 4, (uint32_t)(MEMORY_BASE >> 32));
	set(EPT_REG_SIZE, size);
	set(EPT_REG_IRQ_NUMBER, 1);
	set(EPT_REG_COMMAND, command);
}

static void work(void)
{
	while (f->ops->work(f))
		;
}

/* As the kernel's crc32_le(~0, …), by the definition of the polynomial. */
static uint32_t crc(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t bit = 0; bit < 8 * len; bit++) {
		uint32_t in = (uint32_t)(bytes[bit / 8] >> bit % 8) & 1;

		crc = crc >> 1 ^ ((crc ^ in) & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

#define EPT_TEST(name) TEST_WITH(name, setup, teardown)

EPT_TEST(writes)
{
	start(EPT_COMMAND_WRITE, EPT_REG_DST, 9001);
	assert_int_equal(irqs, 0);
	work();
	assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_WRITE_OK | EPT_STATUS_IRQ);
	assert_int_equal(get(EPT_REG_COMMAND), 0);
	assert_int_equal(get(EPT_REG_CHECKSUM), crc(memory, 9001));
	assert_int_equal(memory[9001], 0);
	assert_int_equal(irqs, 1);
	assert_int_equal(last_vector, 0);
	assert_int_equal(requests, 3);
	assert_int_equal(last_hint.st_bits, 0);
}

EPT_TEST(writes_new_data_each_time)
{
	uint32_t first;

	start(EPT_COMMAND_WRITE, EPT_REG_DST, 64);
	work();
	first = get(EPT_REG_CHECKSUM);
	set(EPT_REG_COMMAND, EPT_COMMAND_WRITE);
	work();
	assert_int_not_equal(get(EPT_REG_CHECKSUM), first);
	assert_int_equal(get(EPT_REG_CHECKSUM), crc(memory, 64));
}

EPT_TEST(reads)
{
	for (unsigned i = 0; i < MEMORY_BYTES; i++)
		memory[i] = (uint8_t)(i * 7);
	set(EPT_REG_CHECKSUM, crc(memory, 5000));
	start(EPT_COMMAND_READ, EPT_REG_SRC, 5000);
	work();
	assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_READ_OK | EPT_STATUS_IRQ);
	memory[4999] ^= 1;
	set(EPT_REG_COMMAND, EPT_COMMAND_READ);
	work();
	assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_READ_FAIL | EPT_STATUS_IRQ);
}

EPT_TEST(read_ends_later)
{
	deferred = true;
	set(EPT_REG_CHECKSUM, crc(memory, 5000));
	start(EPT_COMMAND_READ, EPT_REG_SRC, 5000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(irqs, 0);
		work();
		/* While it waits, its registers cannot be written. */
		set(EPT_REG_SIZE, 1);
		assert_int_equal(get(EPT_REG_SIZE), 5000);
		assert_int_equal(requests, 1 + i);
		f->ops->dma_done(f, 0);
	}
	assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_READ_OK | EPT_STATUS_IRQ);
	assert_int_equal(irqs, 1);
}

EPT_TEST(write_errors)
{
	answer = -EFAULT;
	start(EPT_COMMAND_WRITE, EPT_REG_DST, 9001);
	work();
	assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_WRITE_FAIL | EPT_STATUS_IRQ);
	assert_int_equal(requests, 1);
	answer = 0;
	start(EPT_COMMAND_WRITE, EPT_REG_DST, 0);
	work();
	assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_WRITE_FAIL | EPT_STATUS_IRQ);
	assert_int_equal(requests, 1);
}

/* The last address is a valid one; what would wrap to address 0 is not begun. */
EPT_TEST(transfer_beyond_the_last_address)
{
	const uint64_t at = UINT64_MAX - 4095;

	answer = -EFAULT;
	for (unsigned size = 4096; size <= 4097; size++) {
		requests = 0;
		set(EPT_REG_DST, (uint32_t)at);
		set(EPT_REG_DST + 4, (uint32_t)(at >> 32));
		set(EPT_REG_SIZE, size);
		set(EPT_REG_COMMAND, EPT_COMMAND_WRITE);
		work();
		assert_int_equal(requests, size == 4096 ? 1 : 0);
		assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_WRITE_FAIL | EPT_STATUS_IRQ);
	}
}

EPT_TEST(raises_irq)
{
	set(EPT_REG_IRQ_NUMBER, 2);
	set(EPT_REG_COMMAND, EPT_COMMAND_MSIX);
	work();
	assert_int_equal(irqs, 1);
	assert_int_equal(last_vector, 1);
	assert_int_equal(get(EPT_REG_STATUS), EPT_STATUS_IRQ);
	/* There is no such vector, and no such command. */
	set(EPT_REG_IRQ_NUMBER, 3);
	set(EPT_REG_COMMAND, EPT_COMMAND_MSIX);
	work();
	set(EPT_REG_COMMAND, 1u << 8);
	work();
	assert_int_equal(irqs, 1);
}

static void check_hint(uint32_t tph, unsigned bits, unsigned st, unsigned ph)
{
	set(EPT_REG_TPH, tph);
	start(EPT_COMMAND_WRITE, EPT_REG_DST, 4);
	work();
	assert_int_equal(last_hint.st_bits, bits);
	assert_int_equal(last_hint.st, st);
	assert_int_equal(last_hint.ph, ph);
}

EPT_TEST(hints)
{
	const uint32_t tph = EPT_TPH_ENABLE | 2u << EPT_TPH_PH_SHIFT | 0xbeef;

	assert_int_equal(get(EPT_REG_CAPS) & EPT_CAP_TPH, EPT_CAP_TPH);
	/* TPH Requester Control enables hints and selects the tag's width. */
	check_hint(tph, 0, 0, 0);
	enable_tph(16);
	check_hint(tph, 16, 0xbeef, 2);
	check_hint(tph & ~EPT_TPH_ENABLE, 0, 0, 0);
	enable_tph(8);
	check_hint(tph, 8, 0xef, 2);
}

EPT_TEST(no_tph)
{
	f->ops->destroy(f);
	create(0);
	assert_int_equal(get(EPT_REG_CAPS) & EPT_CAP_TPH, 0);
	assert_int_equal(f->tph_cap, 0);
	check_hint(EPT_TPH_ENABLE | 0x5a, 0, 0, 0);
}

EPT_TEST(reset)
{
	deferred = true;
	start(EPT_COMMAND_READ, EPT_REG_SRC, 5000);
	work();
	pci_function_reset(f, false);
	/* The completion of a read from before the reset. */
	f->ops->dma_done(f, 0);
	work();
	assert_int_equal(irqs, 0);
	assert_int_equal(get(EPT_REG_SIZE), 0);
	assert_int_not_equal(get(EPT_REG_CAPS), 0);
}

/* Accesses of any size and offset: parts of registers, beyond them, read-only ones. */
EPT_TEST(odd_accesses)
{
	uint8_t bytes[64];

	memset(bytes, 0xff, sizeof(bytes));
	for (unsigned offset = 0; offset < 0x80; offset++)
		for (unsigned len = 1; len <= 8; len++) {
			if (len == 4 && offset == EPT_REG_COMMAND)
				continue;
			f->ops->bar_write(f, EPT_BAR_REGS, offset, bytes, len);
			f->ops->bar_read(f, EPT_BAR_REGS, offset, bytes, len);
			memset(bytes, 0xff, sizeof(bytes));
		}
	f->ops->bar_write(f, EPT_BAR_MSIX, 0, bytes, 4);
	assert_int_equal(get(EPT_REG_CAPS), EPT_CAP_UNALIGNED | EPT_CAP_MSIX | EPT_CAP_TPH);
	assert_int_equal(get(EPT_REGS_BYTES), 0);
	work();
	assert_int_equal(irqs, 0);
}
