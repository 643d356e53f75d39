// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a function like one whose memory cannot be disabled, such as a VF: vfio-pci
 * keeps a virtual Memory Space Enable bit for it. While the module is loaded:
 *
 *   insmod no_command_memory.ko function=0000:05:00.0
 */
#include <linux/module.h>
#include <linux/pci.h>

static char *function;
module_param(function, charp, 0);
MODULE_PARM_DESC(function, "PCI function");

static struct pci_dev *pdev;

static int __init no_command_memory_init(void)
{
	struct device *dev = bus_find_device_by_name(&pci_bus_type, NULL, function);

	if (!dev)
		return -ENODEV;
	pdev = to_pci_dev(dev);
	pdev->no_command_memory = 1;
	return 0;
}
module_init(no_command_memory_init);

static void __exit no_command_memory_exit(void)
{
	pdev->no_command_memory = 0;
	pci_dev_put(pdev);
}
module_exit(no_command_memory_exit);

MODULE_DESCRIPTION("Memory that cannot be disabled");
MODULE_LICENSE("GPL");
