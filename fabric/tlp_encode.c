// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/tlp_codec.h"

int tlp_encode(const struct tlp *tlp, uint8_t out[TLP_HEADER_MAX_BYTES])
{
	switch (tlp->kind) {
	case TLP_MRD:
	case TLP_MWR:
		return tlp_request_ok(tlp) ? (int)tlp_put_request(tlp, out) : -EINVAL;
	case TLP_CPL:
	case TLP_CPLD:
		return tlp_completion_ok(tlp) ? (int)tlp_put_completion(tlp, out) : -EINVAL;
	}
	return -EINVAL;
}
