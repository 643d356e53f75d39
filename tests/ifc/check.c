// SPDX-License-Identifier: GPL-2.0-or-later
/* Built by check.sh with the headers of a kernel tree; see there. */
#include "shim.h"

#include <stdio.h>

#include <linux/mlx5/driver.h>
#include <linux/mlx5/doorbell.h>
#include <linux/mlx5/qp.h>
#include <linux/mlx5/cq.h>

#include "devices/cx/layout.h"

static unsigned checked, wrong;

static void expect(const char *what, const char *name, unsigned long long ours,
		   unsigned long long kernel)
{
	checked++;
	if (ours == kernel)
		return;
	wrong++;
	fprintf(stderr, "%s: %s is %#llx in layout.h, %#llx in the kernel\n", name, what, ours,
		kernel);
}

/* in mlx5_ifc.h one byte stands for one bit */
#define IFC(s) struct mlx5_ifc_##s##_bits
#define F(s, f, offset, width)                                                                     \
	expect("bit offset", #s "." #f, (offset), offsetof(IFC(s), f));                            \
	expect("width", #s "." #f, (width), sizeof(((IFC(s) *)0)->f));
#define T(s, f, offset) expect("bit offset", #s "." #f, (offset), offsetof(IFC(s), f));
#define S(s, bytes)	expect("size", #s, (bytes), sizeof(IFC(s)) / 8);
#define B(name, s, member, offset, size)                                                           \
	expect("offset", #s "." #member, (offset), offsetof(struct s, member));                    \
	expect("size", #s "." #member, (size), sizeof(((struct s *)0)->member));
#define Z(name, s, size)	 expect("size", #s, (size), sizeof(struct s));
#define C(name, constant, value) expect("value", #constant, (value), (constant));
#define M(name, constant, bit)	 expect("mask", #constant, 1ULL << (bit), (constant));

int main(void)
{
	CX_FIELDS(F)
	CX_TAILS(T)
	CX_SIZES(S)
	CX_BYTES(B)
	CX_BYTE_SIZES(Z)
	CX_OPCODES(C)
	CX_CONSTANTS(C)
	CX_MASKS(M)
	printf("%u of %u checks differ\n", wrong, checked);
	return wrong ? 1 : 0;
}
