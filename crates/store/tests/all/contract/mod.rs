//! The contract of [`store::Store`], one function for each promise, run against every engine.
//!
//! A new engine is one more line with `contract!`. Where the model fails too, the promise was misread here.

use crate::scene;

mod changes;
mod cursors;
mod devices;
mod directory;
mod groups;
mod inbox;
mod links;
mod membership;
mod own;
mod pages;
mod people;
mod races;
mod sends;
mod threads;

/// Makes a test of every promise for one engine. A promise that is not listed here is dead code, and the lint says so.
macro_rules! contract {
    ($engine:ident, $open:expr) => {
        contract!(@each $engine, $open, [
            sends::{
                dur1_what_was_answered_is_there_after_a_restart,
                dur2_a_repeat_settles_an_unknown_outcome,
                idm1_one_send_id_is_one_entry_for_ever,
                idm2_a_send_id_names_one_change,
                idm3_concurrent_duplicates_are_one_entry,
                idm4_a_conversation_begins_once_whatever_races,
                ord1_seqs_have_no_gap_under_concurrent_writers,
                ord2_times_and_names_never_go_backwards,
                ord3_calls_of_one_task_are_done_in_their_order,
                mem1_a_reference_must_be_readable,
            },
            membership::{
                mem1_nothing_is_read_outside_spans,
                mem2_the_removed_read_up_to_their_removal,
                mem3_who_comes_back_has_two_spans,
                mem4_one_member_too_many_is_refused_as_a_whole,
                mem5_roles_say_who_may_remove_whom,
                idm1_adding_passes_over_members,
                ord1_the_tail_is_the_logs_own_word,
                prs1_the_acquainted_share_a_conversation_now,
                dur4_a_refused_call_fails_alone,
            },
            groups::{
                rgt1_rights_are_kept,
                rgt2_settings_change_by_entries,
                rgt3_only_admins_write_announcements,
                rgt3_slow_mode_keeps_messages_apart,
                mem5_a_role_is_given_and_the_last_owner_stays,
                mem8_newcomers_read_what_was_before,
            },
            links::{
                lnk1_a_link_is_used_exactly_as_often_as_it_may_under_a_race,
                lnk1_one_answer_for_every_link_that_is_none,
                lnk1_links_are_made_seen_and_bounded,
                lnk2_a_link_does_not_bring_back_the_removed,
                lnk3_who_joins_is_let_in,
                lnk6_who_may_admit_is_told_how_many_ask,
                lnk5_nobody_sees_what_a_stranger_sees,
            },
            changes::{
                chg1_a_change_is_an_entry_and_its_target_stays,
                idm1_a_change_is_made_once,
                chg2_rights_and_times,
                chg3_a_deletion_leaves_nothing,
                chg4_who_was_away_sees_what_they_may_read,
                chg4_the_tail_has_entries_as_they_were_committed,
                chg5_an_edit_that_mentions_notifies,
                chg6_history_tells_every_body,
                bnd3_reactions_and_pins_are_bounded,
                chg7_a_forward_is_known_by_its_place,
                chg8_a_change_is_of_what_was_meant,
                chg8_a_reply_is_to_what_was_meant,
            },
            cursors::{
                rcp1_public_cursors_only_go_forward,
                rcp1_moves_stand_or_fall_alone,
                rcp2_marking_unread_is_a_generation,
                rcp3_runs_tell_when,
                rcp3_runs_expire_and_cursors_stay,
                unr1_sending_reads,
            },
            pages::{
                mem1_pages_over_two_spans,
                ord1_pages_lead_through_a_log_in_both_directions,
                bnd1_a_page_is_bounded_by_entries_and_bytes,
                mem1_a_page_and_heads_agree_on_the_end,
            },
            inbox::{
                unr1_unread_equals_a_walk_over_the_log,
                unr2_mentions_are_told_while_unread,
                unr3_who_may_names_everybody,
                cnv1_a_fanout_row_goes_only_if_unmoved,
                cnv1_the_removed_hear_of_their_removal,
                cnv1_the_longest_waiting_comes_first,
                cnv1_late_and_repeated_bumps_put_nothing_back,
                cnv2_a_version_for_each_change_and_none_for_nothing,
                cnv2_rows_of_one_bump_take_versions_in_turn,
                cnv2_a_later_reading_of_the_same_is_no_change,
                res1_an_inbox_is_compact_and_complete,
                bnd1_a_bump_is_bounded,
            },
            people::{
                ppl8_a_profile_changes_once,
                ppl4_a_handle_that_was_given_up_is_kept,
                ppl3_who_hides_sees_nobody,
                ppl1_a_request_is_quiet_until_it_is_taken_up,
                ppl1_an_answer_takes_it_up,
                ppl2_a_block_ends_what_passes,
                ppl2_blocks_are_bounded,
                ppl5_a_deactivated_account_is_shut,
                ppl7_a_search_finds_the_acquainted_only,
                idm1_what_is_done_is_known_by_its_name,
                ppl6_a_report_is_kept_until_it_is_closed,
                dur1_terms_and_settings_survive_a_restart,
            },
            races::{
                cnv1_nothing_is_forgotten_in_a_race,
            },
            devices::{
                idm1_accounts_are_written_once,
                cnv2_a_device_signs_in_once_and_tells_the_inbox,
                aut3_a_secret_is_rotated_when_the_next_is_used,
                aut2_revoking_signs_out_and_empties_the_mailbox,
                prs3_being_seen_only_moves_forward,
                dur1_a_mailbox_keeps_what_was_not_acked,
                bnd1_mail_expires_in_bounded_steps,
                dur1_devices_and_mail_survive_a_restart,
                ops1_owners_are_made_and_unmade,
            },
            own::{
                own1_preferences_stand_in_the_row,
                own1_marks_are_rows_of_the_inbox,
                own1_stars_are_told_the_last_first,
                own5_what_one_writes_to_oneself_is_read,
                own2_an_overwritten_draft_is_kept,
                own2_no_text_is_lost_but_the_oldest_kept,
                bnd1_drafts_bound_a_page_of_an_inbox,
            },
            threads::{
                thr1_a_thread_starts_at_a_message,
                thr2_a_reply_counts_in_its_thread_only,
                thr3_who_is_concerned_follows,
                thr3_who_is_mentioned_later_follows,
                thr4_who_leaves_follows_nothing,
                thr5_rows_of_threads_are_rows_of_the_inbox,
                bnd1_threads_followed_are_bounded,
                mem1_a_thread_shows_what_its_reader_may_read,
                plk1_an_entry_is_found_by_its_name,
            },
            directory::{
                aut5_a_handle_is_one_persons,
                aut5_an_invite_is_used_exactly_as_often_as_it_may_under_a_race,
                aut5_an_invite_is_not_used_after_its_time_or_its_end,
                dur1_handles_and_invites_survive_a_restart,
                obs1_there_is_as_much_as_was_written,
            },
        ]);
    };
    (@each $engine:ident, $open:expr, [$($file:ident::{$($promise:ident),* $(,)?}),* $(,)?]) => {
        mod $engine {
            $($(
                #[test]
                fn $promise() {
                    super::$file::$promise(&mut super::scene::Scene::new($open));
                }
            )*)*
        }
    };
}

contract!(model, super::scene::model);
contract!(sqlite, crate::sqlite::engine);
