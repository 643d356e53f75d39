/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for an HTML page. All that comes from a file goes through here. */
#ifndef LAB_REPORT_HTML_H
#define LAB_REPORT_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Fit for the content of an element and for a quoted attribute; what is no UTF-8 becomes U+FFFD. */
void html_bytes(FILE *out, const char *bytes, size_t len);
void html_text(FILE *out, const char *text);
/* 1234567 as 1,234,567 */
void html_number(FILE *out, uint64_t number);

#endif
