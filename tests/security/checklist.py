"""The rows of the security checklist and the tests that show each; `python -m tests.security.checklist` prints them.

Basis: OWASP ASVS 5.0 level 1, ETSI EN 303 645 and EN 18031, the EU's Cyber Resilience Act, GDPR article 25. Not met on
purpose: ASVS 12.2.2 and 3.4.1 (a publicly trusted certificate, HSTS) are impossible on a network without the internet.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, and either the tests that show it (`file::function` below tests/) or why it is not tried.

    `since`: the tests count from when this file is there; until then the row is not tried.
    """

    id: str
    requirement: str
    tests: tuple[str, ...] = ()
    not_tried: str = ""
    since: str = ""

    @property
    def reason(self) -> str:
        """Why it is not tried, "" if it is."""
        is_early = bool(self.since) and not (TESTS / self.since).exists()
        return self.not_tried or (f"tests/{self.since} is not there yet" if is_early else "")


def row(id_: str, requirement: str, *tests: str, not_tried: str = "", since: str = "") -> Row:
    """A row with its tests."""
    return Row(id_, requirement, tests, not_tried, since)


# fmt: off
ROWS = (
    row("S1", "no default password; without a password nothing opens",
        "security/test_page.py::test_s1_two_devices_have_different_first_passwords",
        "admin/test_login.py::test_without_a_password_the_page_says_how_to_make_one",
        "admin/test_guard.py::test_every_route_except_the_open_ones_needs_a_login"),
    row("S2", "the password cannot be skipped or emptied",
        "config/test_password.py::test_a_password_of_the_wrong_length_is_refused_with_the_reason",
        "config/test_password.py::test_without_a_password_every_check_fails_after_the_same_work"),
    row("S3", "12 to 128 characters of any kind, all of them checked; common passwords are refused",
        "config/test_password.py::test_passwords_may_have_any_characters",
        "config/test_password.py::test_a_saved_password_is_checked_to_its_last_character",
        "config/test_password.py::test_common_passwords_are_refused"),
    row("S4", "a new password needs the old one and ends all other sessions",
        "admin/test_login.py::test_a_new_password_ends_all_other_sessions"),
    row("S5", "stored as OWASP lists it, and cheap enough for a Pi",
        "config/test_password.py::test_a_password_is_kept_privately_as_a_salted_hash_that_owasp_lists",
        "config/test_password.py::test_several_password_checks_take_at_most_10_mb_together"),
    row("S6", "guessing is throttled, and locks out nobody else",
        "admin/test_login.py::test_simultaneous_guesses_are_all_counted",
        "admin/test_throttle.py::test_counted_addresses_are_bounded_and_lock_out_nobody_else",
        "admin/test_throttle.py::test_a_guesser_with_a_whole_network_gets_few_guesses",
        "admin/test_throttle.py::test_guesses_from_many_addresses_lock_out_no_other_address",
        "admin/test_lock_out.py::test_wrong_passwords_lock_out_only_their_own_address"),
    row("S7", "a session id has 256 bits, is new at each login, and ends in time and on request",
        "security/test_page.py::test_s7_a_login_replaces_the_former_session",
        "security/test_page.py::test_s7_every_page_has_a_sign_out_button",
        "admin/test_sessions.py::test_session_ids_and_csrf_tokens_have_256_bits_and_never_repeat",
        "admin/test_sessions.py::test_a_session_ends_when_it_is_not_used",
        "admin/test_sessions.py::test_a_session_ends_after_its_lifetime_even_if_used",
        "admin/test_login.py::test_signing_out_ends_the_session"),
    row("S8", "cookies are not readable by scripts and not sent by other sites",
        "admin/test_login.py::test_no_cookie_is_readable_by_scripts_or_sent_by_other_sites",
        "system/test_admin_server.py::test_page_with_https_refuses_plain_http_and_old_tls"),
    row("S9", "every change needs a login and the session's CSRF token, by default",
        "security/test_page.py::test_s9_get_requests_change_nothing",
        "admin/test_guard.py::test_every_change_needs_the_sessions_token",
        "admin/test_guard.py::test_a_request_from_another_origin_is_refused"),
    row("S10", "only this machine's names open the page (DNS rebinding)",
        "admin/test_guard.py::test_a_foreign_host_name_is_refused_on_every_route",
        "admin/test_guard.py::test_only_this_machines_name_in_local_is_accepted",
        "security/test_hosts.py::test_s10_own_host_names_are_accepted",
        "security/test_hosts.py::test_s10_other_host_names_are_refused",
        "security/test_hosts.py::test_s10_a_hanging_look_up_does_not_block_requests",
        "security/test_hosts.py::test_s10_the_refusal_names_the_setting_and_not_the_host",
        "security/test_hosts.py::test_s10_a_token_cannot_add_host_names",
        "security/test_hosts.py::test_s10_an_invalid_proxy_address_is_refused"),
    row("S11", "no script, style or frame of others on any answer",
        "security/test_page.py::test_s11_static_files_load_nothing_from_other_hosts",
        "admin/test_guard.py::test_every_answer_forbids_foreign_content_and_framing",
        "admin/test_guard.py::test_no_page_contains_what_its_content_policy_refuses"),
    row("S12", "input is checked by the one declaration; unknown keys are refused",
        "admin/test_api.py::test_settings_are_changed_all_together_or_not_at_all",
        "admin/settings/test_settings_page.py::test_unknown_fields_are_refused",
        "system/test_admin_openapi.py::test_api_answers_as_its_description_says"),
    row("S13", "bodies, forms, headers and JSON are bounded",
        "admin/test_api.py::test_a_body_that_is_too_large_is_refused",
        "admin/test_api.py::test_a_bad_body_is_refused_and_changes_nothing",
        "system/test_admin_server.py::test_hostile_requests_are_refused_and_the_page_survives"),
    row("S14", "no path from a client reaches the disk",
        "admin/settings/test_history.py::test_only_listed_versions_are_read",
        "admin/settings/test_rejected.py::test_only_rejected_and_earlier_versions_are_read",
        "system/test_admin_server.py::test_hostile_requests_are_refused_and_the_page_survives"),
    row("S15", "no shell, no eval, no pickle, no unsafe YAML",
        "security/test_code.py::test_s15_no_code_uses_a_shell_eval_or_pickle"),
    row("S16", "an error shows no stack and no path",
        "security/test_page.py::test_s16_an_error_page_reveals_no_internals"),
    row("S17", "logins, changes and refusals are logged, without secrets, a line each",
        "security/test_page.py::test_s17_security_events_are_logged_without_secrets",
        "config/test_read.py::test_a_reported_key_is_short_and_on_one_line",
        "telemetry/test_log_file.py::test_message_of_many_lines_is_one_record_and_cannot_forge_another",
        "system/test_kept_log.py::test_log_survives_a_kill_and_names_it"),
    row("S18", "a stranger learns no version and no settings",
        "security/test_page.py::test_s18_a_stranger_learns_no_version_and_no_settings",
        "security/test_appliance.py::test_s18_the_server_names_no_version"),
    row("S19", "strict confinement, and no plug or port without a reason",
        "snap/test_snap.py::test_an_app_has_the_plugs_it_is_allowed_and_no_others",
        "snap/test_snap.py::test_the_snap_asks_for_nothing_beyond_strict_confinement",
        since="snap/test_snap.py"),
    row("S20", "secrets are private, differ per device, and are in no download",
        "security/test_page.py::test_s20_no_download_contains_a_secret",
        "admin/test_tokens.py::test_the_token_file_is_private_and_holds_only_hashes",
        "admin/test_sessions.py::test_the_session_file_is_private_and_contains_no_id",
        "config/test_certificates.py::test_https_files_are_private_and_no_temporary_file_is_left"),
    row("S21", "TLS 1.2 or newer, a key for each device, renewed in time",
        "system/test_admin_server.py::test_page_with_https_refuses_plain_http_and_old_tls",
        "config/test_certificates.py::test_two_devices_have_different_keys",
        "config/test_certificates.py::test_a_certificate_is_renewed_when_30_days_are_left"),
    row("S22", "how long it is supported and where to report a hole is published",
        not_tried="the owner must decide on both; an invented address would be worse than none"),
    row("S23", "a bill of materials; known holes in what it lists are not looked up, as that needs an online database",
        "snap/test_sbom.py::test_the_bill_of_materials_is_cyclonedx",
        "snap/test_sbom.py::test_the_bill_lists_each_locked_package_and_the_model",
        since="snap/test_sbom.py"),
    row("S24", "a factory reset leaves nothing",
        "commands/test_factory_reset.py::test_factory_reset_deletes_all_but_the_owners_own_file",
        since="snap/test_snap.py"),
    row("S25", "works without a network, and again after a power cut",
        "security/test_appliance.py::test_s25_the_detector_watches_without_any_network",
        "journal/test_journal_trouble.py::test_no_saved_event_is_lost_by_a_kill_at_any_moment"),
    row("S26", "the page says what the camera does",
        "security/test_page.py::test_s26_the_page_says_what_the_camera_does"),
    row("S27", "a download contains no spreadsheet formulas",
        "journal/test_csv_table.py::test_formula_is_marked_as_text",
        "journal/test_csv_table.py::test_only_csv_table_imports_csv",
        "admin/trips/test_events_page.py::test_downloaded_texts_are_no_spreadsheet_formulas"),
    row("S28", "a token does what its scope says, sets only this machine's devices, and ends with the password",
        "security/test_tokens.py::test_s28_a_token_that_may_read_changes_nothing",
        "security/test_tokens.py::test_s28_no_token_opens_pages_for_people",
        "security/test_tokens.py::test_s28_a_token_cannot_choose_sources_other_than_own_devices",
        "security/test_tokens.py::test_s28_a_token_may_choose_among_this_machines_devices",
        "security/test_tokens.py::test_s28_sending_back_a_value_set_by_a_person_is_allowed",
        "security/test_tokens.py::test_s28_every_text_setting_limits_what_a_token_may_set",
        "admin/test_token_use.py::test_a_token_of_release_0_2_0_may_control_and_keeps_its_missing_scope",
        "admin/test_token_use.py::test_the_day_of_last_use_costs_one_write_a_day",
        "admin/test_account.py::test_a_token_is_listed_with_scope_creation_and_last_use",
        "admin/test_account.py::test_a_new_password_revokes_the_tokens_unless_they_are_kept",
        "commands/test_admin_password.py::test_new_password_revokes_tokens_unless_kept",
        "config/test_password.py::test_tokens_are_deleted_before_a_new_password_is_in_place"),
    row("S29", "what another user puts in the run folder is neither followed nor obeyed",
        "security/test_neighbours.py::test_s29_a_run_folder_of_another_user_is_neither_followed_nor_obeyed",
        "security/test_neighbours.py::test_s29_the_commands_name_the_foreign_run_folder_and_ignore_it",
        "security/test_neighbours.py::test_s29_the_page_names_the_foreign_run_folder_and_ignores_it",
        "security/test_neighbours.py::test_s29_root_uses_run_drivewatch_if_its_folder_is_not_its_own",
        "security/test_neighbours.py::test_s29_files_of_another_user_in_our_folder_are_ignored",
        "config/test_own_files.py::test_planted_files_are_not_read_and_are_replaced",
        "config/test_own_files.py::test_a_folder_writable_by_others_is_not_used"),
    row("S30", "slow senders, slow readers and rubbish neither block the page nor fill the log",
        "system/test_admin_clients.py::test_clients_that_send_slowly_do_not_block_others",
        "system/test_admin_clients.py::test_clients_that_do_not_read_do_not_block_others",
        "system/test_admin_clients.py::test_endless_request_is_closed",
        "system/test_admin_clients.py::test_refused_requests_log_at_most_ten_short_lines",
        "system/test_admin_clients.py::test_refusal_by_gunicorn_has_the_headers_of_all_pages",
        "admin/test_framing.py::test_nothing_after_an_unclear_length_is_read_as_another_request"),
    row("S31", "proxy headers count only with the owner's setting, and http:// redirects only to own names",
        "security/test_hosts.py::test_s31_behind_the_proxy_links_and_cookies_use_its_address",
        "security/test_hosts.py::test_s31_direct_requests_ignore_the_proxy_setting",
        "security/test_hosts.py::test_s31_a_foreign_host_name_is_refused_through_the_proxy",
        "security/test_hosts.py::test_s31_without_a_proxy_forwarded_headers_are_ignored",
        "security/test_hosts.py::test_s31_the_client_is_the_last_hop_in_each_notation",
        "security/test_hosts.py::test_s31_plain_http_redirects_to_https_only_for_own_names"),
    row("S32", "a viewer sees all but account, settings and API, changes nothing, and cannot become owner",
        "security/test_roles.py::test_s32_a_viewer_opens_all_pages_except_account_settings_and_api",
        "security/test_roles.py::test_s32_a_viewer_changes_nothing",
        "security/test_roles.py::test_s32_pages_of_a_viewer_have_no_form_or_link_that_is_refused",
        "security/test_roles.py::test_s32_signing_out_still_needs_the_sessions_token",
        "security/test_roles.py::test_s32_each_role_has_its_own_password_and_sessions",
        "security/test_roles.py::test_s32_a_new_password_ends_only_the_sessions_of_its_role",
        "security/test_roles.py::test_s32_without_an_owner_password_the_viewers_is_refused",
        "security/test_roles.py::test_s32_the_role_survives_a_restart_and_a_damaged_file_makes_no_owner",
        "security/test_roles.py::test_s32_a_viewers_guesses_at_the_owners_password_are_throttled",
        "admin/test_sessions.py::test_viewer_sessions_never_replace_an_owner_session",
        "admin/test_sessions.py::test_a_session_is_not_found_with_the_other_roles_password"),
    row("S33", "a new password works at once after wrong guesses, and a guesser gains nothing",
        "security/test_roles.py::test_s33_a_new_password_works_at_once_after_wrong_guesses"),
    row("S34", "signing in redirects only to own pages; input of an expired session is kept only for its owner",
        "admin/test_signed_out.py::test_signing_in_redirects_only_to_own_pages",
        "admin/test_signed_out.py::test_a_request_from_another_origin_leaves_no_draft",
        "admin/test_signed_out.py::test_without_the_sessions_csrf_token_no_draft_is_kept",
        "admin/test_signed_out.py::test_after_signing_out_no_draft_is_kept",
        "admin/test_signed_out.py::test_after_a_password_change_no_draft_is_restored",
        "admin/test_signed_out.py::test_a_viewer_who_signs_in_after_an_owner_is_sent_home",
        "admin/test_signed_out.py::test_an_expired_viewer_session_keeps_no_draft",
        "admin/settings/test_drafts.py::test_a_draft_is_found_only_by_its_owner",
        "admin/settings/test_drafts.py::test_large_drafts_are_dropped_earlier_but_the_newest_stays"),
    row("P1", "no picture is written to disk or leaves the device",
        "security/test_appliance.py::test_p1_no_picture_is_stored_and_the_detector_talks_to_nobody"),
    row("P2", "the preview is off, is shown only to a signed-in user on request, and is not stored",
        "security/test_appliance.py::test_p1_no_picture_is_stored_and_the_detector_talks_to_nobody",
        "admin/home/test_home_page.py::test_requesting_the_picture_asks_the_detector_for_it",
        "monitor/test_report.py::test_preview_is_written_only_while_requested"),
    row("P3", "events and trips have neither picture, place nor identity, are bounded, and can be exported and deleted",
        "security/test_code.py::test_p3_an_event_has_neither_picture_nor_identity",
        "security/test_code.py::test_p3_a_trip_has_neither_picture_place_nor_identity",
        "journal/test_retention.py::test_events_older_than_keep_days_are_deleted_if_the_time_is_known",
        "journal/test_retention.py::test_trips_are_bounded_in_number_and_age",
        "journal/test_journal.py::test_oldest_events_are_dropped_beyond_the_limit",
        "journal/test_deletion.py::test_running_detector_deletes_and_removes_the_request",
        "admin/trips/test_events_page.py::test_events_are_listed_newest_first_and_can_be_downloaded"),
    row("P4", "a crash leaves no copy of the memory",
        "security/test_appliance.py::test_p4_a_crash_leaves_no_copy_of_the_memory"),
)
# fmt: on


def main() -> None:
    """Print the table."""
    print("| row | requirement | shown by |\n|---|---|---|")
    for each in ROWS:
        said = f"not tried: {each.reason}" if each.reason else f"{len(each.tests)} tests"
        print(f"| {each.id} | {each.requirement} | {said} |")


if __name__ == "__main__":
    main()
