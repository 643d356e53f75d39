// SPDX-License-Identifier: GPL-2.0-or-later
// Measures the page after layout, into an attribute of <html>. Only the check's copy of the page has it.
const parts = colour => colour.match(/[\d.]+/g).map(Number);

// WCAG 2.1: relative luminance, contrast ratio
const luminance = rgb => rgb.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
	.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], .05);
const contrast = (a, b) => Math.max(luminance(a) / luminance(b), luminance(b) / luminance(a));

const ground = element => {
	for (; element; element = element.parentElement) {
		const colour = parts(getComputedStyle(element).backgroundColor);
		if (colour.length < 4 || colour[3] > 0)
			return colour;
	}
	return [255, 255, 255];
};

let least = { ratio: 99 }, texts = 0;
for (const element of document.querySelectorAll("body *")) {
	const words = [...element.childNodes].find(node => node.nodeType === 3 && node.data.trim());
	if (!words || !element.getClientRects().length || element.closest("script, title, desc"))
		continue;
	const drawing = element.closest("svg"), style = getComputedStyle(element);
	// In a drawing a text may stand in a box or beside it.
	const grounds = drawing ? [...drawing.querySelectorAll(".box")].slice(0, 1).map(box => parts(getComputedStyle(box).fill)) : [];
	for (const colour of grounds.concat([ground(element)])) {
		const ratio = contrast(parts(drawing ? style.fill : style.color), colour);
		if (ratio < least.ratio)
			least = { ratio, text: words.data.trim() };
	}
	texts++;
}
const root = document.documentElement;
root.dataset.probe = JSON.stringify({
	inner: innerWidth,
	scroll: Math.max(root.scrollWidth, document.body.scrollWidth),
	dark: matchMedia("(prefers-color-scheme: dark)").matches,
	texts,
	least,
});
