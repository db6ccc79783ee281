package synapselink

const (
	microsPerSecond = 1_000_000
	secondsPerDay   = 86_400
	// sentinelBefore: years before it stand for "no value"; delete rows carry
	// years 1 to 4. 1900 itself is F&O's empty date and is kept as it is.
	sentinelBefore = 1900
)

// moment is a date-time as it was written.
type moment struct {
	year, month, day     int
	hour, minute, second int
	micros               int
	offset               int // seconds east of UTC
}

// parseTimestamp reads each form in which exports write date-times; what is
// declared does not tell which, and one column can hold two:
//
//	2018-05-25T16:21:09.0000000+00:00   2021-06-25T16:21:12Z   2025-02-15
//	2/3/2025 9:52:15 AM
//
// A text without zone is UTC. Digits below a microsecond are cut. null is set
// for the years that stand for no value.
func parseTimestamp(cell []byte) (micros int64, null bool, err error) {
	m, ok := parseMoment(cell)
	if !ok {
		return 0, false, ErrDate
	}
	if m.year < sentinelBefore {
		return 0, true, nil
	}
	seconds := m.days()*secondsPerDay + int64(m.hour*3600+m.minute*60+m.second-m.offset)
	return seconds*microsPerSecond + int64(m.micros), false, nil
}

// parseDate reads the same forms as days since 1970; a time of day is cut.
func parseDate(cell []byte) (days int64, null bool, err error) {
	micros, null, err := parseTimestamp(cell)
	const perDay = secondsPerDay * microsPerSecond
	days = micros / perDay
	if micros%perDay < 0 {
		days--
	}
	return days, null, err
}

func parseMoment(cell []byte) (m moment, ok bool) {
	var rest []byte
	if len(cell) >= 10 && cell[4] == '-' {
		rest, ok = m.isoDate(cell)
	} else {
		rest, ok = m.slashDate(cell)
	}
	if !ok || !m.validDate() {
		return m, false
	}
	if len(rest) == 0 {
		return m, true
	}
	if rest[0] != 'T' && rest[0] != ' ' {
		return m, false
	}
	if rest, ok = m.clock(rest[1:]); !ok {
		return m, false
	}
	if rest, ok = m.half(rest); !ok || m.hour > 23 {
		return m, false
	}
	return m, m.zone(rest)
}

// isoDate reads yyyy-MM-dd.
func (m *moment) isoDate(b []byte) (rest []byte, ok bool) {
	if b[7] != '-' {
		return nil, false
	}
	century, year := two(b), two(b[2:])
	m.month, m.day = two(b[5:]), two(b[8:])
	m.year = century*100 + year
	return b[10:], century|year|m.month|m.day >= 0
}

// slashDate reads M/d/yyyy.
func (m *moment) slashDate(b []byte) (rest []byte, ok bool) {
	m.month, b = oneOrTwo(b)
	if m.month < 0 || len(b) == 0 || b[0] != '/' {
		return nil, false
	}
	m.day, b = oneOrTwo(b[1:])
	if m.day < 0 || len(b) < 5 || b[0] != '/' {
		return nil, false
	}
	century, year := two(b[1:]), two(b[3:])
	m.year = century*100 + year
	return b[5:], century|year >= 0
}

// clock reads h:mm[:ss[.f…]].
func (m *moment) clock(b []byte) (rest []byte, ok bool) {
	m.hour, b = oneOrTwo(b)
	if m.hour < 0 || len(b) < 3 || b[0] != ':' {
		return nil, false
	}
	m.minute = two(b[1:])
	if b = b[3:]; len(b) >= 3 && b[0] == ':' {
		m.second = two(b[1:])
		b = b[3:]
		if len(b) > 0 && b[0] == '.' {
			if b = m.fraction(b[1:]); b == nil {
				return nil, false
			}
		}
	}
	return b, uint(m.minute) < 60 && uint(m.second) < 60
}

// fraction reads the digits of a second, nil if there are none.
func (m *moment) fraction(b []byte) (rest []byte) {
	unit := microsPerSecond / 10
	i := 0
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		m.micros += int(b[i]-'0') * unit
		unit /= 10
	}
	if i == 0 {
		return nil
	}
	return b[i:]
}

// half reads AM or PM where it is written. Hour 0 PM occurs and is 12 PM.
func (m *moment) half(b []byte) (rest []byte, ok bool) {
	if len(b) < 3 || b[0] != ' ' || b[2]|0x20 != 'm' {
		return b, true
	}
	switch {
	case m.hour > 12:
		return nil, false
	case b[1]|0x20 == 'a':
		m.hour %= 12
	case b[1]|0x20 == 'p':
		m.hour = m.hour%12 + 12
	default:
		return nil, false
	}
	return b[3:], true
}

// zone reads the rest: nothing, Z, or ±hh:mm, the last also after a space and
// without the colon.
func (m *moment) zone(b []byte) bool {
	if len(b) > 1 && b[0] == ' ' {
		b = b[1:]
	}
	switch {
	case len(b) == 0, len(b) == 1 && b[0]|0x20 == 'z':
		return true
	case len(b) == 6 && b[3] == ':':
		return m.shift(b[0], two(b[1:]), two(b[4:]))
	case len(b) == 5:
		return m.shift(b[0], two(b[1:]), two(b[3:]))
	}
	return false
}

func (m *moment) shift(sign byte, hours, minutes int) bool {
	m.offset = hours*3600 + minutes*60
	if sign == '-' {
		m.offset = -m.offset
	}
	return (sign == '+' || sign == '-') && uint(hours) < 24 && uint(minutes) < 60
}

func (m *moment) validDate() bool {
	if m.year < 1 || m.month < 1 || m.month > 12 || m.day < 1 {
		return false
	}
	if m.day <= 28 {
		return true
	}
	days := 31
	switch m.month {
	case 4, 6, 9, 11:
		days = 30
	case 2:
		days = 28
		if m.year%4 == 0 && (m.year%100 != 0 || m.year%400 == 0) {
			days = 29
		}
	}
	return m.day <= days
}

// days since 1970 in the Gregorian calendar. Years are taken to begin in March,
// so that the leap day is the last of a year and months have a regular length:
// day d of the month that is m months after March is day (153m+2)/5 + d - 1.
func (m *moment) days() int64 {
	const marchYear0To1970 = 719468
	year, month := m.year, m.month-3
	if month < 0 {
		year, month = year-1, month+12
	}
	return int64(year*365+year/4-year/100+year/400+(153*month+2)/5+m.day-1) - marchYear0To1970
}

// two reads two digits, a negative number if they are none. b has them.
func two(b []byte) int {
	_ = b[1]
	tens, ones := b[0]-'0', b[1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}

// oneOrTwo reads one digit or two, a negative number if there is none.
func oneOrTwo(b []byte) (n int, rest []byte) {
	if len(b) == 0 || b[0]-'0' > 9 {
		return -1, nil
	}
	n = int(b[0] - '0')
	if len(b) > 1 && b[1]-'0' <= 9 {
		return n*10 + int(b[1]-'0'), b[2:]
	}
	return n, b[1:]
}
