"""Kinds of errors. The message of each is the one sentence that the user reads."""


class COVIDDetectError(Exception):
    """An error whose message is one sentence for the user: what is wrong and what to do."""


class InputError(COVIDDetectError):
    """The CT cannot be used: not readable, not a volume, not in HU."""


class DiskError(InputError):
    """Files cannot be written because the disk is full or fails."""


class MaskError(COVIDDetectError):
    """The lung mask cannot be used or could not be made: empty, on another grid, no lungs in the CT."""


class WeightsError(COVIDDetectError):
    """The weights or their model card cannot be used: missing, damaged, of another network."""


class NetworkError(COVIDDetectError):
    """An address does not answer, or not as it should."""


class DeviceError(COVIDDetectError):
    """The computing device that was asked for is not there or does not work."""


class InstallationError(COVIDDetectError):
    """Packages that an analysis needs are missing, and could not be installed."""


class Cancelled(COVIDDetectError):
    """The user stopped the analysis; raised by a progress callback and passed through."""


class UnexpectedError(COVIDDetectError):
    """An error that the program does not know, and that ``error_log`` has written down."""


UNEXPECTED = "An unexpected error occurred; details are in Slicer's log (View → Error Log). Try again."
"""What the user reads with the traceback of any other error during a computation."""
