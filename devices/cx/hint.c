// SPDX-License-Identifier: GPL-2.0-or-later
/* The hint that a memory key gives to requests, and the trace's events of its configuration. */
#include "devices/cx/state.h"
#include "tph/pci_tph_regs.h"

#define ENABLED (1ull << 32)

/*
 * The hint of the requests that go through @mkey: its PH, and the tag its index
 * names, in the namespace that the TPH control register enables now. Index 0 is
 * PH alone. Without an ST table the index is the tag itself: it has 8 bits.
 */
struct tlp_hint cx_hint(const struct cx *cx, const struct cx_mkey *mkey)
{
	const struct pci_function *f = &cx->f;
	unsigned bits = pci_tph_requester_bits(f);
	struct tlp_hint hint = {.st_bits = (uint8_t)bits, .ph = mkey->ph};

	if (!mkey->tph || !bits)
		return (struct tlp_hint){0};
	if (!pci_tph_has_table(f))
		hint.st_bits = 8;
	if (!pci_tph_device_specific(f) || !mkey->st_index)
		return hint;
	hint.st = pci_tph_has_table(f) ? pci_tph_st_entry(f, mkey->st_index) : mkey->st_index;
	if (hint.st_bits == 8)
		hint.st &= 0xff;
	return hint;
}

static bool overlaps(unsigned a, size_t a_len, unsigned b, size_t b_len)
{
	return a < b + b_len && b < a + a_len;
}

/*
 * Traces writes to the TPH control register and to ST entries; an entry's event
 * has its index in 31:16, its tag in 15:0, and bit 32 set where the function may
 * send hints at that moment.
 */
void cx_hint_config_written(struct pci_function *f, unsigned offset, size_t len)
{
	const struct cx *cx = container_of(f, struct cx, f);
	uint64_t enabled = pci_tph_requester_bits(f) ? ENABLED : 0;

	if (!f->tph_cap)
		return;
	if (overlaps(offset, len, f->tph_cap + PCI_TPH_CTRL, 4))
		f->link.trace(f->link.ctx, "tph_control",
			      pci_config_get32(f, f->tph_cap + PCI_TPH_CTRL));
	for (unsigned i = 0; pci_tph_has_table(f) && i < cx->config.st_entries; i++)
		if (overlaps(offset, len, f->tph_cap + PCI_TPH_BASE_SIZEOF + 2 * i, 2))
			f->link.trace(f->link.ctx, "st_entry",
				      enabled | i << 16 | pci_tph_st_entry(f, i));
}
