/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of <linux/pci_regs.h> for TPH that headers before Linux 6.13 lack, with
 * Linux' values, each defined only if the header lacks it. "No name in Linux" marks
 * the others. PCIe Base 6.x, sections 7.5.3 and 7.9.13.
 */
#ifndef TPH_PCI_TPH_REGS_H
#define TPH_PCI_TPH_REGS_H

#include <linux/pci_regs.h>

/* PCI Express capability */
#ifndef PCI_EXP_FLAGS_FLIT
#define PCI_EXP_FLAGS_FLIT 0x8000 /* Flit Mode Supported */
#endif
#ifndef PCI_EXP_LNKSTA2_FLIT
#define PCI_EXP_LNKSTA2_FLIT 0x0400 /* Flit Mode Status */
#endif

/* Device Capabilities 2; the completer types are the values of the field, not shifted. */
#ifndef PCI_EXP_DEVCAP2_TPH_COMP_MASK
#define PCI_EXP_DEVCAP2_TPH_COMP_MASK 0x00003000 /* TPH completer support */
#endif
#ifndef PCI_EXP_DEVCAP2_TPH_COMP_NONE
#define PCI_EXP_DEVCAP2_TPH_COMP_NONE 0x0
#endif
#ifndef PCI_EXP_DEVCAP2_TPH_COMP_TPH_ONLY
#define PCI_EXP_DEVCAP2_TPH_COMP_TPH_ONLY 0x1
#endif
#ifndef PCI_EXP_DEVCAP2_TPH_COMP_EXT_TPH
#define PCI_EXP_DEVCAP2_TPH_COMP_EXT_TPH 0x3 /* TPH and Extended TPH */
#endif
#ifndef PCI_EXP_DEVCAP2_EXT_FMT
#define PCI_EXP_DEVCAP2_EXT_FMT 0x00100000 /* Extended Fmt Field; no name in Linux */
#endif
#ifndef PCI_EXP_DEVCAP2_EE_PREFIX_MAX
#define PCI_EXP_DEVCAP2_EE_PREFIX_MAX 0x00c00000 /* most End-End TLP prefixes; 0: four */
#endif
#ifndef PCI_EXP_DEVCTL2_EE_PREFIX_BLOCK
#define PCI_EXP_DEVCTL2_EE_PREFIX_BLOCK 0x8000 /* End-End TLP Prefix Blocking; no name in Linux */
#endif

/* TPH Requester capability register, PCI_TPH_CAP */
#ifndef PCI_TPH_CAP_ST_NS
#define PCI_TPH_CAP_ST_NS 0x00000001 /* No ST Mode supported */
#endif
#ifndef PCI_TPH_CAP_ST_IV
#define PCI_TPH_CAP_ST_IV 0x00000002 /* Interrupt Vector Mode supported */
#endif
#ifndef PCI_TPH_CAP_ST_DS
#define PCI_TPH_CAP_ST_DS 0x00000004 /* Device Specific Mode supported */
#endif
#ifndef PCI_TPH_CAP_EXT_TPH
#define PCI_TPH_CAP_EXT_TPH 0x00000100 /* Extended TPH Requester supported */
#endif

/* TPH Requester control register; modes and enables are values of their fields, not shifted. */
#ifndef PCI_TPH_CTRL
#define PCI_TPH_CTRL 8
#endif
#ifndef PCI_TPH_CTRL_MODE_SEL_MASK
#define PCI_TPH_CTRL_MODE_SEL_MASK 0x00000007 /* ST Mode Select */
#endif
#ifndef PCI_TPH_ST_NS_MODE
#define PCI_TPH_ST_NS_MODE 0x0 /* No ST */
#endif
#ifndef PCI_TPH_ST_IV_MODE
#define PCI_TPH_ST_IV_MODE 0x1 /* Interrupt Vector */
#endif
#ifndef PCI_TPH_ST_DS_MODE
#define PCI_TPH_ST_DS_MODE 0x2 /* Device Specific */
#endif
#ifndef PCI_TPH_CTRL_REQ_EN_MASK
#define PCI_TPH_CTRL_REQ_EN_MASK 0x00000300 /* TPH Requester Enable */
#endif
#ifndef PCI_TPH_REQ_DISABLE
#define PCI_TPH_REQ_DISABLE 0x0
#endif
#ifndef PCI_TPH_REQ_TPH_ONLY
#define PCI_TPH_REQ_TPH_ONLY 0x1
#endif
#ifndef PCI_TPH_REQ_EXT_TPH
#define PCI_TPH_REQ_EXT_TPH 0x3
#endif

/* The ST of an MSI-X table entry, in its vector control */
#ifndef PCI_MSIX_ENTRY_CTRL_ST
#define PCI_MSIX_ENTRY_CTRL_ST 0xffff0000
#endif

#endif
