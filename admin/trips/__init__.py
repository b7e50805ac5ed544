"""Trips and events: routes (trips_page, events_page, recorded), and what they draw (trip_view, event_view, pure)."""
