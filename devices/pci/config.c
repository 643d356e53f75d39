// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration space: building it, accessing it, resetting it (PCIe Base 6.x
 * section 5.3, 7.5, 7.7.2, 7.9.13).
 *
 * 5.3 requires Power Management of every function, but only pci_config_add_pm() adds it: at the
 * port above a function that has it, Linux waits for an active link after a bus reset, and QEMU's
 * ports report none.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "devices/pci/function.h"
#include "tph/pci_tph_regs.h"
#include "util/bytes.h"

#define EXPRESS_BYTES 0x3c /* of the whole capability (7.5.3) */
#define MSIX_BYTES    PCI_CAP_MSIX_SIZEOF
#define BAR_SMALLEST  16
#define VECTORS_MAX   2048

#define COMMAND_WRITABLE                                                                           \
	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |         \
	 PCI_COMMAND_INTX_DISABLE)

/*
 * Relaxed ordering, no snoop and MRRS 512 at first; all writable but phantom functions, aux power,
 * FLR.
 */
#define DEVCTL_DEFAULT                                                                             \
	(PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ_512B)
#define DEVCTL_WRITABLE                                                                            \
	(0xffff & ~(PCI_EXP_DEVCTL_PHANTOM | PCI_EXP_DEVCTL_AUX_PME | PCI_EXP_DEVCTL_BCR_FLR))
/* x16 at 32 GT/s, without ASPM */
#define LINK_LANES		16
#define LNKCAP_ASPM_OPTIONALITY (1u << 22)
#define LNKCAP_VALUE		(LNKCAP_ASPM_OPTIONALITY | LINK_LANES << 4 | PCI_EXP_LNKCAP_SLS_32_0GB)
#define LNKSTA_VALUE		(LINK_LANES << PCI_EXP_LNKSTA_NLW_SHIFT | PCI_EXP_LNKSTA_CLS_32_0GB)
#define LNKCAP2_VALUE                                                                              \
	(PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB | PCI_EXP_LNKCAP2_SLS_8_0GB |       \
	 PCI_EXP_LNKCAP2_SLS_16_0GB | PCI_EXP_LNKCAP2_SLS_32_0GB)
/* In flit mode: x16 at 64 GT/s */
#define FLIT_SPEED    6u
#define FLIT_SPEED_64 (1u << 6) /* in Link Capabilities 2 */
#define LNKCTL_WRITABLE                                                                            \
	(PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES)
#define DEVCAP2_ONE_PREFIX (1u << 22) /* in PCI_EXP_DEVCAP2_EE_PREFIX_MAX */
#define DEVCAP2_PREFIXES   (PCI_EXP_DEVCAP2_EXT_FMT | PCI_EXP_DEVCAP2_EE_PREFIX | DEVCAP2_ONE_PREFIX)
#define DEVCAP2_TPH_SHIFT  12
#define PM_VERSION	   3u
#define PM_D0		   0u
#define PM_D3HOT	   3u

uint16_t pci_config_get16(const struct pci_function *f, unsigned offset)
{
	if (offset > PCI_CONFIG_BYTES - 2)
		return 0xffff;
	return get_le16(f->config + offset);
}

uint32_t pci_config_get32(const struct pci_function *f, unsigned offset)
{
	if (offset > PCI_CONFIG_BYTES - 4)
		return 0xffffffff;
	return get_le32(f->config + offset);
}

void pci_config_init(struct pci_function *f, const struct pci_identity *id)
{
	memset(f->config, 0, sizeof(f->config));
	memset(f->config_writable, 0, sizeof(f->config_writable));
	f->pcie_cap = f->msix_cap = f->pm_cap = f->tph_cap = 0;
	f->next_cap = PCI_STD_HEADER_SIZEOF;
	f->next_ext_cap = PCI_CFG_SPACE_SIZE;

	put_le16(f->config + PCI_VENDOR_ID, id->vendor);
	put_le16(f->config + PCI_DEVICE_ID, id->device);
	put_le16(f->config + PCI_SUBSYSTEM_VENDOR_ID, id->subsystem_vendor);
	put_le16(f->config + PCI_SUBSYSTEM_ID, id->subsystem);
	put_le32(f->config + PCI_CLASS_REVISION, id->class_code << 8 | id->revision);
	put_le16(f->config_writable + PCI_COMMAND, COMMAND_WRITABLE);
	f->config_writable[PCI_CACHE_LINE_SIZE] = 0xff;
	f->config_writable[PCI_INTERRUPT_LINE] = 0xff;
}

void pci_config_add_bars(struct pci_function *f)
{
	for (unsigned i = 0; i < PCI_BAR_COUNT; i++) {
		const struct pci_bar *bar = &f->bars[i];
		unsigned at = PCI_BASE_ADDRESS_0 + 4 * i;
		uint64_t mask = ~(bar->size - 1);

		if (!bar->size)
			continue;
		assert(bar->size >= BAR_SMALLEST && !(bar->size & (bar->size - 1)));
		f->config[at] = (bar->is_64bit ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0) |
				(bar->prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
		put_le32(f->config_writable + at, (uint32_t)mask);
		if (bar->is_64bit) {
			i++;
			assert(i < PCI_BAR_COUNT && !f->bars[i].size);
			put_le32(f->config_writable + at + 4, (uint32_t)(mask >> 32));
		} else {
			assert(bar->size <= 1u << 31);
		}
	}
}

/* Links a capability of @bytes in front of the others; returns its offset. */
static unsigned add_cap(struct pci_function *f, uint8_t id, unsigned bytes)
{
	unsigned at = f->next_cap;

	assert(at + bytes <= PCI_CFG_SPACE_SIZE);
	f->config[at] = id;
	f->config[at + 1] = f->config[PCI_CAPABILITY_LIST];
	f->config[PCI_CAPABILITY_LIST] = (uint8_t)at;
	f->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	f->next_cap = (at + bytes + 3) & ~3u;
	return at;
}

static unsigned log2_of(unsigned value)
{
	unsigned log = 0;

	while (value >>= 1)
		log++;
	return log;
}

static uint32_t devcap2(enum pci_tph_completer completer, bool prefixes)
{
	return PCI_EXP_DEVCAP2_COMP_TMOUT_DIS | (uint32_t)completer << DEVCAP2_TPH_SHIFT |
	       (prefixes ? DEVCAP2_PREFIXES : 0);
}

void pci_config_add_express(struct pci_function *f, enum pci_tph_completer completer, bool prefixes,
			    unsigned mps_bytes)
{
	unsigned at = add_cap(f, PCI_CAP_ID_EXP, EXPRESS_BYTES);
	uint8_t *config = f->config, *writable = f->config_writable;

	assert(mps_bytes >= 128 && mps_bytes <= 4096 && !(mps_bytes & (mps_bytes - 1)));
	f->pcie_cap = at;
	put_le16(config + at + PCI_EXP_FLAGS, 2);
	put_le32(config + at + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_FLR | PCI_EXP_DEVCAP_RBER |
						       PCI_EXP_DEVCAP_EXT_TAG |
						       log2_of(mps_bytes / 128));
	put_le16(config + at + PCI_EXP_DEVCTL, DEVCTL_DEFAULT);
	put_le16(writable + at + PCI_EXP_DEVCTL, DEVCTL_WRITABLE);

	put_le32(config + at + PCI_EXP_LNKCAP, LNKCAP_VALUE);
	put_le16(writable + at + PCI_EXP_LNKCTL, LNKCTL_WRITABLE);
	put_le16(config + at + PCI_EXP_LNKSTA, LNKSTA_VALUE);

	put_le32(config + at + PCI_EXP_DEVCAP2, devcap2(completer, prefixes));
	put_le16(writable + at + PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_COMP_TMOUT_DIS);
	put_le32(config + at + PCI_EXP_LNKCAP2, LNKCAP2_VALUE);
	put_le16(config + at + PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS_32_0GT);
	put_le16(writable + at + PCI_EXP_LNKCTL2, PCI_EXP_LNKCTL2_TLS);
}

static bool is_flit(const struct pci_function *f)
{
	return pci_config_get16(f, f->pcie_cap + PCI_EXP_LNKSTA2) & PCI_EXP_LNKSTA2_FLIT;
}

void pci_tph_advertise_completer(struct pci_function *f, enum pci_tph_completer completer)
{
	put_le32(f->config_default + f->pcie_cap + PCI_EXP_DEVCAP2,
		 devcap2(completer, completer == PCI_TPH_COMPLETER_16 && !is_flit(f)));
}

/* The registers of @config that describe the link (7.5.3), and DevCap2's prefixes. */
static void put_flit(uint8_t *config, unsigned at)
{
	put_le16(config + at + PCI_EXP_FLAGS,
		 get_le16(config + at + PCI_EXP_FLAGS) | PCI_EXP_FLAGS_FLIT);
	put_le32(config + at + PCI_EXP_LNKCAP,
		 (LNKCAP_VALUE & ~(uint32_t)PCI_EXP_LNKCAP_SLS) | FLIT_SPEED);
	put_le16(config + at + PCI_EXP_LNKSTA, (LNKSTA_VALUE & ~PCI_EXP_LNKSTA_CLS) | FLIT_SPEED);
	put_le32(config + at + PCI_EXP_DEVCAP2,
		 get_le32(config + at + PCI_EXP_DEVCAP2) & ~(uint32_t)DEVCAP2_PREFIXES);
	put_le32(config + at + PCI_EXP_LNKCAP2, LNKCAP2_VALUE | FLIT_SPEED_64);
	put_le16(config + at + PCI_EXP_LNKCTL2, FLIT_SPEED);
	put_le16(config + at + PCI_EXP_LNKSTA2, PCI_EXP_LNKSTA2_FLIT);
}

void pci_config_set_flit(struct pci_function *f)
{
	put_flit(f->config, f->pcie_cap);
	put_flit(f->config_default, f->pcie_cap);
}

enum pci_tph_completer pci_tph_completer_type(const struct pci_function *f)
{
	return (enum pci_tph_completer)(
		pci_config_get32(f, f->pcie_cap + PCI_EXP_DEVCAP2) >> DEVCAP2_TPH_SHIFT & 3);
}

void pci_config_add_msix(struct pci_function *f, unsigned bar, uint32_t offset)
{
	unsigned at = add_cap(f, PCI_CAP_ID_MSIX, MSIX_BYTES);
	uint32_t table_bytes = f->msix_vectors * PCI_MSIX_ENTRY_SIZE;

	assert(f->msix_vectors >= 1 && f->msix_vectors <= VECTORS_MAX);
	assert(bar < PCI_BAR_COUNT && !(offset & 7));
	assert(offset + (uint64_t)table_bytes + (f->msix_vectors + 63) / 64 * 8 <=
	       f->bars[bar].size);
	f->msix_cap = at;
	put_le16(f->config + at + PCI_MSIX_FLAGS, (uint16_t)(f->msix_vectors - 1));
	put_le16(f->config_writable + at + PCI_MSIX_FLAGS,
		 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	put_le32(f->config + at + PCI_MSIX_TABLE, offset | bar);
	put_le32(f->config + at + PCI_MSIX_PBA, (offset + table_bytes) | bar);
}

/* Without D1, D2, and PME. No_Soft_Reset is 0: the return to D0 resets the function. */
void pci_config_add_pm(struct pci_function *f)
{
	unsigned at = add_cap(f, PCI_CAP_ID_PM, PCI_PM_SIZEOF);

	assert(f->pcie_cap); /* function_reset() writes it */
	f->pm_cap = at;
	put_le16(f->config + at + PCI_PM_PMC, PM_VERSION);
	put_le16(f->config_writable + at + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
}

static unsigned power_state(const struct pci_function *f)
{
	if (!f->pm_cap)
		return PM_D0;
	return f->config[f->pm_cap + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK;
}

bool pci_function_in_d0(const struct pci_function *f)
{
	return power_state(f) == PM_D0;
}

void pci_config_seal(struct pci_function *f)
{
	memcpy(f->config_default, f->config, sizeof(f->config));
	memcpy(f->config_writable_default, f->config_writable, sizeof(f->config_writable));
}

static bool in_range(unsigned offset, size_t len)
{
	return offset <= PCI_CONFIG_BYTES && len <= PCI_CONFIG_BYTES - offset;
}

int pci_config_read(struct pci_function *f, unsigned offset, void *buf, size_t len)
{
	if (!in_range(offset, len))
		return -EINVAL;
	memcpy(buf, f->config + offset, len);
	return 0;
}

/*
 * The part that all resets share. A function has no request left after one (6.6.2). @keep_bars: a
 * hypervisor answers reads of them itself, so a guest finds them unchanged and does not write them.
 */
static void to_defaults(struct pci_function *f, bool keep_bars)
{
	uint8_t bars[4 * PCI_BAR_COUNT];

	memcpy(bars, f->config + PCI_BASE_ADDRESS_0, sizeof(bars));
	if (f->link.cancel)
		f->link.cancel(f->link.ctx);
	memcpy(f->config, f->config_default, sizeof(f->config));
	memcpy(f->config_writable, f->config_writable_default, sizeof(f->config_writable));
	if (keep_bars)
		memcpy(f->config + PCI_BASE_ADDRESS_0, bars, sizeof(bars));
}

void pci_function_reset(struct pci_function *f, bool keep_bars)
{
	to_defaults(f, keep_bars);
	if (f->ops->reset)
		f->ops->reset(f);
}

/*
 * An FLR, after which the registers of the link stay (6.6.2). Or the return from D3hot to D0
 * (5.3.1.4), after which 7.5.2.2 leaves the state undefined: here it is that after an FLR.
 */
static void function_reset(struct pci_function *f)
{
	uint8_t *devctl = f->config + f->pcie_cap + PCI_EXP_DEVCTL;
	uint8_t *lnkctl = f->config + f->pcie_cap + PCI_EXP_LNKCTL;
	uint8_t *lnkctl2 = f->config + f->pcie_cap + PCI_EXP_LNKCTL2;
	uint16_t mps = get_le16(devctl) & PCI_EXP_DEVCTL_PAYLOAD;
	uint16_t link = get_le16(lnkctl), link2 = get_le16(lnkctl2);

	to_defaults(f, true);
	put_le16(devctl, (get_le16(devctl) & (uint16_t)~PCI_EXP_DEVCTL_PAYLOAD) | mps);
	put_le16(lnkctl, link);
	put_le16(lnkctl2, link2); /* the target speed is sticky (7.5.3.19) */
	if (f->ops->reset)
		f->ops->reset(f);
}

/* A write of a power state that the function lacks changes nothing (7.5.2.2). */
static void keep_supported_state(struct pci_function *f, unsigned old_state)
{
	unsigned state = power_state(f);

	if (state != PM_D0 && state != PM_D3HOT)
		f->config[f->pm_cap + PCI_PM_CTRL] ^= (uint8_t)(state ^ old_state);
}

int pci_config_write(struct pci_function *f, unsigned offset, const void *buf, size_t len)
{
	unsigned old_state = power_state(f);
	unsigned flr_at = f->pcie_cap + PCI_EXP_DEVCTL + 1;
	const uint8_t *bytes = buf;
	bool writable = false;

	if (!in_range(offset, len))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		uint8_t mask = f->config_writable[offset + i];
		uint8_t *byte = &f->config[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | (bytes[i] & mask));
		writable |= mask != 0;
	}
	keep_supported_state(f, old_state);
	if ((old_state == PM_D3HOT && pci_function_in_d0(f)) ||
	    (f->pcie_cap && flr_at >= offset && flr_at - offset < len &&
	     bytes[flr_at - offset] & PCI_EXP_DEVCTL_BCR_FLR >> 8))
		function_reset(f);
	else if (writable && f->ops->config_written)
		f->ops->config_written(f, offset, len);
	return 0;
}

bool pci_function_bar_window(const struct pci_function *f, unsigned bar, uint64_t *base,
			     uint64_t *size)
{
	uint64_t address, last_possible = UINT32_MAX;

	if (bar >= PCI_BAR_COUNT || !f->bars[bar].size || !pci_function_in_d0(f) ||
	    !(pci_config_get16(f, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return false;
	address = pci_config_get32(f, PCI_BASE_ADDRESS_0 + 4 * bar) &
		  ~(uint32_t)~PCI_BASE_ADDRESS_MEM_MASK;
	if (f->bars[bar].is_64bit) {
		address |= (uint64_t)pci_config_get32(f, PCI_BASE_ADDRESS_0 + 4 * bar + 4) << 32;
		last_possible = UINT64_MAX;
	}
	/* As in QEMU: 0 is not assigned yet, and a guest writes all ones to size the BAR. */
	if (!address || address + (f->bars[bar].size - 1) >= last_possible)
		return false;
	*base = address;
	*size = f->bars[bar].size;
	return true;
}

bool pci_function_bus_master(const struct pci_function *f)
{
	return pci_function_in_d0(f) && pci_config_get16(f, PCI_COMMAND) & PCI_COMMAND_MASTER;
}
