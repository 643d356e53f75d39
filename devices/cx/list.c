// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/cx/state.h"

void cx_list_init(struct cx_node *head)
{
	head->next = head->prev = head;
}

bool cx_list_empty(const struct cx_node *head)
{
	return head->next == head;
}

void cx_list_append(struct cx_node *head, struct cx_node *node)
{
	cx_list_remove(node);
	node->next = head;
	node->prev = head->prev;
	head->prev->next = node;
	head->prev = node;
}

void cx_list_remove(struct cx_node *node)
{
	if (!node->next)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = NULL;
}
