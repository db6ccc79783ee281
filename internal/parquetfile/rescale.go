package parquetfile

import (
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"

	"github.com/sluicedata/sluice/internal/batch"
)

// rescale turns unscaled decimals of one type into those of another, exactly.
type rescale struct {
	want    batch.Type
	factors []uint64 // product: 10^(wanted scale - stored scale)
	checked bool     // the stored precision does not promise that values fit
	limit   int128   // 10^wanted precision
}

// maxFactorDigits is the largest power of ten in a uint64.
const maxFactorDigits = 19

// rescaleTo is false when the wanted type is no decimal, the stored one is
// none, or digits behind the point would be lost.
func (k class) rescaleTo(want batch.Type) (rescale, bool) {
	have := k.decimal
	if want.Kind != batch.Decimal || k.unsigned || have.Kind != batch.Decimal || have.Scale > want.Scale {
		return rescale{}, false
	}
	r := rescale{want: want, limit: powerOfTen(want.Precision)}
	r.checked = have.Precision-have.Scale > want.Precision-want.Scale
	for digits := want.Scale - have.Scale; digits > 0; digits -= maxFactorDigits {
		r.factors = append(r.factors, powerOfTen(min(digits, maxFactorDigits)).lo)
	}
	return r, true
}

func (r *rescale) append(into *batch.Column, v int128) error {
	for _, f := range r.factors {
		larger, ok := v.times(f)
		if !ok {
			return r.tooLarge()
		}
		v = larger
	}
	if r.checked && !v.inDigits(r.limit) {
		return r.tooLarge()
	}
	if r.want.IsWide() {
		into.Wide = append(into.Wide, v.wide())
		return nil
	}
	narrow, ok := v.int64()
	if !ok {
		return r.tooLarge()
	}
	into.Ints = append(into.Ints, narrow)
	return nil
}

func (r *rescale) tooLarge() error {
	return fmt.Errorf("%w: a value has more digits than %s", ErrType, r.want)
}

func appendIntDecimals[T int32 | int64](r rescale) func(*batch.Column, []T) error {
	if len(r.factors) == 0 && !r.checked && !r.want.IsWide() {
		return appendInts[T]
	}
	return func(into *batch.Column, values []T) error {
		for _, v := range values {
			if err := r.append(into, int128Of(int64(v))); err != nil {
				return err
			}
		}
		return nil
	}
}

func appendByteDecimals[T parquet.ByteArray | parquet.FixedLenByteArray](r rescale) func(*batch.Column, []T) error {
	return func(into *batch.Column, values []T) error {
		for _, b := range values {
			v, ok := int128FromBytes(b)
			if !ok {
				return r.tooLarge()
			}
			if err := r.append(into, v); err != nil {
				return err
			}
		}
		return nil
	}
}
