"""Every rule of the protocol, broken on purpose: each must be caught by the tests that the whole rule passes."""

from collections.abc import Callable

import pytest

from tests.protocol import broken_feeding as feeding
from tests.protocol import broken_publishing as publishing
from tests.protocol import test_faults, test_interleavings
from tests.protocol import test_partitions as any_order
from tests.unit.articles import test_direct
from tests.unit.articles.shelf import Shelf
from tests.unit.worker import test_cleaning, test_partitions, test_worker

Patch = Callable[[pytest.MonkeyPatch], None]
CAUGHT: list[tuple[Patch, Callable[[], None]]] = [
    (publishing.blind_documents, lambda: test_faults.test_a_zombie_at_every_step("two editions", test_faults.begun)),
    (
        publishing.no_generation_in_the_body,
        lambda: test_faults.test_a_zombie_at_every_step("content returns", test_faults.begun),
    ),
    (
        publishing.never_verified,
        lambda: test_faults.test_a_fault_at_every_step("a quiet end", test_faults.begun, "die"),
    ),
    (
        publishing.verified_only_after_a_restart,
        test_interleavings.test_every_hand_over_where_the_zombie_dies_after_writing_once_more,
    ),
    (publishing.who_is_overtaken_drops_its_partition, lambda: test_interleavings.test_every_hand_over("a quiet end")),
    (feeding.editions_are_not_loaded, test_worker.test_an_embargo_lifts_and_an_article_expires_without_an_event),
    (
        publishing.announced_only_when_written,
        lambda: test_faults.test_a_fault_at_every_step("a quiet end", test_faults.begun, "die"),
    ),
    (
        publishing.committed_before_published,
        lambda: test_faults.test_a_fault_at_every_step("a quiet end", test_faults.begun, "die"),
    ),
    (publishing.anybody_commits, lambda: test_faults.test_a_zombie_at_every_step("two editions", test_faults.begun)),
    (publishing.no_confirmed_ownership, test_faults.test_a_definition_rolled_back_with_a_zombie_at_every_step),
    (
        feeding.rosters_keep_what_another_configuration_fed,
        test_worker.test_a_feed_that_was_taken_out_of_the_configuration_for_a_while_misses_nothing,
    ),
    (
        feeding.rosters_are_not_asked,
        test_worker.test_a_feed_that_was_taken_out_of_the_configuration_for_a_while_misses_nothing,
    ),
    (feeding.a_reset_goes_only_to_the_first_reader, test_faults.test_a_definition_changed_after_a_death_at_every_step),
    (feeding.documents_are_written_while_behind, test_faults.test_a_definition_changed_after_a_death_at_every_step),
    (publishing.rosters_are_shared, test_interleavings.test_members_do_not_drop_each_others_rosters),
    (feeding.only_home_partitions_feed, test_partitions.test_one_worker_takes_them),
    (
        feeding.a_writer_elsewhere_is_not_told_of,
        lambda: any_order.test_any_order_of_two_members(any_order.LEAVES, False),
    ),
    (feeding.what_is_built_from_nothing_is_read_from_home, test_partitions.test_a_new_feed_is_filled_from_everywhere),
    (feeding.terms_say_nothing, test_faults.test_a_partition_that_went_and_came_back_is_begun_anew),
    (
        feeding.shared_editions_are_touched_like_others,
        lambda: test_interleavings.test_two_members_feed_one_edition("a refill while an article is withdrawn"),
    ),
    (feeding.memory_is_not_read_again, test_interleavings.test_live_log_and_archive_may_belong_to_two),
    (feeding.memory_is_saved_too_late, test_interleavings.test_live_log_and_archive_may_belong_to_two),
    (
        feeding.what_is_below_applied_is_never_looked_at,
        test_interleavings.test_a_zombie_does_not_bring_an_archived_article_back,
    ),
    (
        feeding.what_is_not_folded_is_never_cleaned,
        test_cleaning.test_what_only_the_second_reader_takes_is_told_of_all_the_same,
    ),
    (
        feeding.a_build_that_goes_on_knows_only_what_it_reads,
        test_worker.test_an_archive_after_an_interrupted_build_brings_nothing_withdrawn_back,
    ),
    (publishing.no_claim, test_faults.test_a_definition_rolled_back_with_a_zombie_at_every_step),
    (
        publishing.generation_from_nothing,
        test_faults.test_a_lost_edition_is_built_again_with_a_generation_above_its_documents,
    ),
    (feeding.no_memory, test_faults.test_an_older_revision_that_comes_after_a_restart_is_not_shown),
    (feeding.no_floor, test_worker.test_an_archive_fills_a_window_and_brings_nothing_withdrawn_back),
    (feeding.no_refill, test_worker.test_a_window_that_was_emptied_is_filled_again_from_the_log),
    (feeding.refilled_within_the_same_bounds, test_worker.test_a_window_that_was_emptied_is_filled_again_from_the_log),
    (feeding.every_edition_is_live, test_worker.test_a_new_feed_fills_itself_while_the_others_stay_fresh),
    (feeding.nothing_recorded, test_worker.test_a_slower_clock_hides_nothing_again),
    (
        publishing.a_tombstone_only_where_a_document_is,
        lambda: test_direct.test_a_withdrawal_always_leaves_its_tombstone(Shelf()),
    ),
    (
        publishing.only_a_higher_revision_replaces,
        lambda: test_direct.test_the_lift_replaces_the_mark_of_its_own_revision_and_no_clock_brings_it_back(Shelf()),
    ),
    (feeding.the_recorded_clock_is_not_used, test_worker.test_an_embargo_lifts_and_an_article_expires_without_an_event),
]


@pytest.mark.parametrize(("broken", "test"), CAUGHT)
def test_each_is_caught(monkeypatch: pytest.MonkeyPatch, broken: Patch, test: Callable[[], None]) -> None:
    test_faults.undisturbed.cache_clear()
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        test()
    test_faults.undisturbed.cache_clear()  # what was worked out by broken code
