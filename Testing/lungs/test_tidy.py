"""Islands and threads that a network marks outside the lungs are cut off; the lungs themselves stay as they are."""

import numpy as np
from COVIDDetectLib.lungs.tidy import tidy_lungs


def two_lungs() -> np.ndarray:
    found = np.zeros((20, 100, 100), dtype=bool)
    found[2:18, 20:80, 10:40] = True
    found[2:18, 20:80, 60:90] = True
    return found


def test_clean_lungs_stay_as_they_are() -> None:
    assert np.array_equal(tidy_lungs(two_lungs(), 1.0), two_lungs())


def test_islands_and_threads_go() -> None:
    found = two_lungs()
    found[0:2, 2:10, 45:60] = True
    found[5:9, 48:50, 40:60] = True
    tidied = tidy_lungs(found, 1.0)
    assert not tidied[0:2, 2:10].any()
    assert not tidied[5:9, 48:50, 45:55].any()
    assert np.count_nonzero(tidied != two_lungs()) < 50


def test_lungs_at_the_edge_of_the_image_keep_it() -> None:
    found = two_lungs()
    found[:, 20:80, 0:10] = found[:, 20:80, 10:20]
    assert np.array_equal(tidy_lungs(found, 1.0), found)


def test_nothing_found_stays_nothing() -> None:
    assert not tidy_lungs(np.zeros((4, 8, 8), dtype=bool), 1.0).any()
