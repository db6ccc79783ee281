package rows

import (
	"fmt"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
)

// The columns of a person, a company and an address agree because they draw
// from the same sources.
var (
	personDraw  = fixed("person")
	surnameDraw = draw{salt: dice.Salt("surname"), percent: 100, volatile: true}
	companyDraw = fixed("companyname")
	placeSalt   = dice.Salt("place")
)

func pickWord(words []string, d draw, r *Row) string {
	h, _ := d.get(r)
	return words[h%uint64(len(words))]
}

// surname changes rarely: one update source in eight rows.
func surname(r *Row) uint64 {
	stable, _ := personDraw.get(r)
	stable >>= 16
	if stable%8 != 0 {
		return stable
	}
	h, _ := surnameDraw.get(r)
	return h
}

func appendFirst(b []byte, r *Row) []byte { return append(b, pickWord(firstNames, personDraw, r)...) }

func appendLast(b []byte, r *Row) []byte {
	return append(b, lastNames[surname(r)%uint64(len(lastNames))]...)
}

func appendFullName(b []byte, r *Row) []byte {
	return appendLast(append(appendFirst(b, r), ' '), r)
}

func appendMailName(b []byte, r *Row) []byte {
	b = append(append(b, pickWord(firstMail, personDraw, r)...), '.')
	return append(b, lastMail[surname(r)%uint64(len(lastMail))]...)
}

func appendMail(b []byte, r *Row) []byte {
	b = append(appendMailName(b, r), '@')
	h, _ := companyDraw.get(r)
	b = append(append(b, companyMail[h%uint64(len(companyMail))]...), '.')
	return append(b, pickWord(mailDomains, personDraw, r)...)
}

func appendUserMail(b []byte, r *Row) []byte {
	return append(AppendInt(appendMailName(b, r), r.Index), "@contoso.example.com"...)
}

func appendCompany(b []byte, r *Row) []byte {
	h, _ := companyDraw.get(r)
	b = append(append(b, companyHeads[h%uint64(len(companyHeads))]...), ' ')
	h >>= 16
	b = append(append(b, companyKinds[h%uint64(len(companyKinds))]...), ' ')
	return append(b, companyForms[(h>>8)%uint64(len(companyForms))]...)
}

func appendCompanyHost(b []byte, r *Row) []byte {
	h, _ := companyDraw.get(r)
	return append(append(b, companyMail[h%uint64(len(companyMail))]...), ".example.com"...)
}

func appendWebsite(b []byte, r *Row) []byte {
	return appendCompanyHost(append(b, "https://www."...), r)
}

func appendInfoMail(b []byte, r *Row) []byte { return appendCompanyHost(append(b, "info@"...), r) }

func appendTopic(b []byte, r *Row) []byte { return append(b, pickWord(topics, fixedTopic, r)...) }

func appendSubject(b []byte, r *Row) []byte {
	return append(b, pickWord(subjects, fixedSubject, r)...)
}

var fixedTopic, fixedSubject = fixed("topic"), fixed("subject")

// placeText is a maker of parts of the row's address. All have the same
// source, so a move changes all of them at once.
func placeText(put func(b []byte, h uint64) []byte) maker {
	return func(_ *compiler, col shapeColumn) (cell, error) {
		d := draw{salt: placeSalt, percent: 100, volatile: col.fill.volatile}
		return quoted(func(b []byte, r *Row) []byte {
			h, _ := d.get(r)
			return put(b, h)
		}), nil
	}
}

func placeOf(h uint64) *place { return &places[h%uint64(len(places))] }

func appendCity(b []byte, h uint64) []byte    { return append(b, placeOf(h).city...) }
func appendState(b []byte, h uint64) []byte   { return append(b, placeOf(h).state...) }
func appendCountry(b []byte, h uint64) []byte { return append(b, placeOf(h).country...) }

func appendStreet(b []byte, h uint64) []byte {
	h >>= 8
	b = AppendInt(b, int64(h%240)+1)
	return append(append(b, ' '), streets[(h>>8)%uint64(len(streets))]...)
}

func appendPostal(b []byte, h uint64) []byte {
	zip := placeOf(h).zip
	h >>= 24
	for i := range len(zip) {
		if zip[i] != '#' {
			b = append(b, zip[i])
			continue
		}
		b = append(b, byte('0'+h%10))
		h /= 10
	}
	return b
}

// appendAddress is the composite of several lines that Dataverse keeps.
func appendAddress(b []byte, h uint64) []byte {
	b = append(appendStreet(b, h), '\n')
	b = append(appendPostal(b, h), ' ')
	b = append(appendCity(b, h), '\n')
	return appendCountry(b, h)
}

func makePhone(_ *compiler, col shapeColumn) (cell, error) {
	d := col.fill.draw()
	return quoted(func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		b = append(append(b, "+1 555-01"...), byte('0'+h%10), byte('0'+h/10%10))
		return AppendDigits(append(b, " x"...), int(h/100%1000), 3)
	}), nil
}

func makeWord(_ *compiler, col shapeColumn) (cell, error) {
	name, err := col.fill.word()
	if err != nil {
		return nil, err
	}
	words, ok := lists[name]
	if !ok {
		return nil, fmt.Errorf("word: list %q is not known", name)
	}
	d := col.fill.draw()
	return quoted(func(b []byte, r *Row) []byte { return append(b, pickWord(words, d, r)...) }), nil
}
