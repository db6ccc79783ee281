package azure

// FreeAhead says whether so many bytes may be read ahead.
func FreeAhead(s *Store, bytes int64) bool {
	free := s.ahead.TryAcquire(bytes)
	if free {
		s.ahead.Release(bytes)
	}
	return free
}
