// Package text is how numbers and tables look to people: sizes in powers of
// 1000 (1.2 GB), rates (85 MB/s), ages (3 h ago), aligned columns, colours that
// can be switched off. Programs get the numbers themselves, by way of JSON.
package text
