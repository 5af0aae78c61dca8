"""Everything that can go wrong, as one hierarchy.

Each class has its own process exit code, so that a script can tell them apart, and each
instance names the thing at fault, its value and the next step for the person to take.

    NovelcraftError                    1
    ├── InputError                    10
    │   ├── ConfigError               11   a settings file or variable that cannot be used
    │   ├── UnknownRoleError          12   a role that is none of reasoning, narrator, cheap
    │   ├── PremiseError              13   an empty or unreadable premise
    │   ├── PagesError                14   a page count out of range
    │   ├── BudgetError               15   a token budget that does not fit the context
    │   ├── UnknownTargetError        16   no such scene, commit, branch or plan version
    │   ├── ServingMemoryError        17   models to serve that do not fit the machine's memory
    │   └── AuthorsFileError          18   a cast.md, world.md or outline.md that cannot be used
    ├── ProjectError                  20
    │   ├── NotAProjectError          21   a folder that holds no novel, or holds other files
    │   ├── ProjectBusyError          22   another run holds the novel
    │   ├── ReadOnlyError             23   the folder cannot be written
    │   ├── DiskFullError             24   no space left
    │   ├── NewerDatabaseError        25   written by a newer version of this program
    │   ├── DamagedDatabaseError      26   the file is no database, or is corrupt
    │   ├── HeadMovedError            27   a commit whose parent is no longer the branch's head
    │   ├── ExportError               28   pandoc, or the engine it needs, failed
    │   ├── DataFileError             29   a file of a data folder that cannot be read
    │   └── DatabaseGoneError         19   a database server that cannot be reached
    ├── ModelError                    30
    │   ├── ServerUnreachableError    31   nothing answers at the URL
    │   ├── AuthenticationError       32   the key is missing or refused
    │   ├── ModelNotServedError       33   the server does not serve that model
    │   ├── ContextOverflowError      34   the prompt does not fit the model's context
    │   ├── ModelTimeoutError         35   no answer in time
    │   ├── InvalidAnswerError        36   an answer that breaks its schema, again and again
    │   ├── EngineError               37   an engine that is run for you failed to start, or died
    │   ├── ModelDownloadError        38   weights could not be fetched, or their hash is wrong
    │   └── ServerFaultError          39   the server answered with an error of its own
    ├── PlanError                     40   a plan that cannot be mended
    ├── WritingError                  41   writing that should not go on as it is
    │   ├── UnfitSceneError           42   no draft of a scene was a scene at all
    │   ├── CappedScenesError         43   scene after scene was kept at the cap on attempts
    │   ├── FlawedBookError           44   a finished book in which checks found what blocks
    │   ├── CostCapError              45   what a novel or a batch may cost is spent
    │   ├── UnfinishedBatchError      46   a batch in which novels failed, or are paused
    │   ├── LeaseLostError            47   another worker writes the novel now
    │   └── ClusterError              48   a Ray cluster that is not there, or went away
    ├── BookError                     50   a book to prepare that is not there, or cannot be read
    │   ├── BookFormatError           51   not a book, or not what its name says
    │   ├── EmptyBookError            52   a book without text
    │   ├── ProtectedBookError        53   a book under DRM or a password
    │   ├── BookTooLargeError         54   a book that unpacks to far more than a book holds
    │   ├── BookPathError             55   a book that names files outside of itself
    │   ├── BookEntityError           56   a book that defines XML entities, as attacks do
    │   ├── DamagedBookError          57   a broken archive, or parts missing from it
    │   ├── BookEncodingError         58   text in an encoding that cannot be told
    │   └── BookConversionError       59   pandoc could not read it, or took too long
    └── TrainingError                 60   a training run that cannot start, or went wrong
        ├── TrainingStackError        61   torch and its kin are not installed
        ├── TrainingDataError         62   rows that cannot be trained on, or too few of them
        ├── BaseModelError            63   a base model that is not there, or cannot be read
        ├── LossError                 64   the loss is no number any more
        ├── AdapterError              65   an adapter that is damaged, or belongs to another base
        ├── TrainingMemoryError       66   the model and its batch do not fit the memory
        ├── CheckpointError           67   no checkpoint to go on from, or one of another run
        ├── AdapterRefusedError       68   an adapter that did not pass the gate
        └── PreferenceError           69   pairs that cannot be learnt from, or too few of them
"""

from __future__ import annotations

from typing import ClassVar


class NovelcraftError(Exception):
    """Base of all errors this package raises on purpose.

    Args:
        message: What is wrong, naming the thing and the offending value.
        fix: The next step for the person, as an imperative sentence.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  {self.fix}" if self.fix else self.message


class InputError(NovelcraftError):
    """What the person gave cannot be used."""

    exit_code = 10


class ConfigError(InputError):
    """A settings file, key or environment variable cannot be used."""

    exit_code = 11


class UnknownRoleError(InputError):
    """A model role other than reasoning, narrator and cheap was named."""

    exit_code = 12


class PremiseError(InputError):
    """The premise is empty or cannot be read."""

    exit_code = 13


class PagesError(InputError):
    """The page count is out of range."""

    exit_code = 14


class BudgetError(InputError):
    """The token budget does not fit the model's context, or contradicts itself."""

    exit_code = 15


class UnknownTargetError(InputError):
    """No scene, commit, branch or plan version has that name."""

    exit_code = 16


class ServingMemoryError(InputError):
    """The models that are to be served do not fit the machine's memory."""

    exit_code = 17


class AuthorsFileError(InputError):
    """What an author put into the novel's folder is empty, unreadable, or cannot be planned."""

    exit_code = 18


class ProjectError(NovelcraftError):
    """The novel's folder or database cannot be used."""

    exit_code = 20


class NotAProjectError(ProjectError):
    """The folder holds no novel, or holds files that are not ours."""

    exit_code = 21


class ProjectBusyError(ProjectError):
    """Another run holds the novel."""

    exit_code = 22


class ReadOnlyError(ProjectError):
    """The folder cannot be written."""

    exit_code = 23


class DiskFullError(ProjectError):
    """There is no space left on the device."""

    exit_code = 24


class NewerDatabaseError(ProjectError):
    """The database was written by a newer version of this program."""

    exit_code = 25


class DamagedDatabaseError(ProjectError):
    """The file is not a database, or is corrupt."""

    exit_code = 26


class HeadMovedError(ProjectError):
    """A commit's parent is no longer the head of its branch."""

    exit_code = 27


class ExportError(ProjectError):
    """An export failed: pandoc, or an engine that it needs."""

    exit_code = 28


class DataFileError(ProjectError):
    """A file in a data folder, perhaps corrected by hand, cannot be read."""

    exit_code = 29


class DatabaseGoneError(ProjectError):
    """The server of a shared database cannot be reached, or went away."""

    exit_code = 19


class ModelError(NovelcraftError):
    """A model could not be reached, or did not give what was asked."""

    exit_code = 30


class ServerUnreachableError(ModelError):
    """Nothing answers at the role's URL."""

    exit_code = 31


class AuthenticationError(ModelError):
    """The API key is missing or was refused."""

    exit_code = 32


class ModelNotServedError(ModelError):
    """The server does not serve the model that the role names."""

    exit_code = 33


class ContextOverflowError(ModelError):
    """The prompt and answer do not fit the model's context."""

    exit_code = 34


class ModelTimeoutError(ModelError):
    """The model gave no answer within the role's timeout."""

    exit_code = 35


class InvalidAnswerError(ModelError):
    """The model's answers broke their schema more often than is retried."""

    exit_code = 36


class EngineError(ModelError):
    """An engine that is run for you, embedded or vLLM, failed to start, or died."""

    exit_code = 37


class ModelDownloadError(ModelError):
    """Model weights could not be fetched, or have the wrong hash."""

    exit_code = 38


class ServerFaultError(ModelError):
    """The server answered with an error of its own making."""

    exit_code = 39


class PlanError(NovelcraftError):
    """A plan breaks its rules in a way that code cannot mend."""

    exit_code = 40


class WritingError(NovelcraftError):
    """Writing should not go on as it is. What was accepted is safe."""

    exit_code = 41


class UnfitSceneError(WritingError):
    """No draft of a scene was one: no words, a refusal, half a scene. Nothing was committed."""

    exit_code = 42


class CappedScenesError(WritingError):
    """Scene after scene failed its checks, and was kept when the attempts ran out."""

    exit_code = 43


class FlawedBookError(WritingError):
    """A finished book holds scenes in which checks found what blocks. It is exported."""

    exit_code = 44


class CostCapError(WritingError):
    """What a novel, or a batch of novels, may cost is spent."""

    exit_code = 45


class UnfinishedBatchError(WritingError):
    """A batch came to its end with novels that failed, or are paused at a cap on cost."""

    exit_code = 46


class LeaseLostError(WritingError):
    """A worker's lease of a novel has run out, and another worker may write it now."""

    exit_code = 47


class ClusterError(WritingError):
    """A Ray cluster cannot be reached, went away, or cannot run our workers."""

    exit_code = 48


class BookError(NovelcraftError):
    """A book that is to be prepared is not there, or cannot be read."""

    exit_code = 50


class BookFormatError(BookError):
    """The file is of no format that can be read, or not of the one that its name says."""

    exit_code = 51


class EmptyBookError(BookError):
    """The book has no text."""

    exit_code = 52


class ProtectedBookError(BookError):
    """The book is encrypted: DRM, or a password."""

    exit_code = 53


class BookTooLargeError(BookError):
    """The book unpacks to far more than its size allows, or than any book holds."""

    exit_code = 54


class BookPathError(BookError):
    """The book names files outside of its own archive."""

    exit_code = 55


class BookEntityError(BookError):
    """The book defines XML entities, which can grow without bounds or read other files."""

    exit_code = 56


class DamagedBookError(BookError):
    """The book's archive is broken, or lacks parts that it names."""

    exit_code = 57


class BookEncodingError(BookError):
    """The book's text is in an encoding that cannot be told."""

    exit_code = 58


class BookConversionError(BookError):
    """Pandoc could not read the book, or took too long."""

    exit_code = 59


class TrainingError(NovelcraftError):
    """A training run cannot start, or went wrong."""

    exit_code = 60


class TrainingStackError(TrainingError):
    """The packages that training needs are not installed."""

    exit_code = 61


class TrainingDataError(TrainingError):
    """Rows cannot be trained on as they are, or there are too few of them."""

    exit_code = 62


class BaseModelError(TrainingError):
    """The base model is not there, or cannot be read."""

    exit_code = 63


class LossError(TrainingError):
    """The loss is no number any more."""

    exit_code = 64


class AdapterError(TrainingError):
    """An adapter is damaged, of a kind that is refused, or belongs to another base."""

    exit_code = 65


class TrainingMemoryError(TrainingError):
    """The model and its batch do not fit the memory."""

    exit_code = 66


class CheckpointError(TrainingError):
    """There is no checkpoint to go on from, or it is one of another run."""

    exit_code = 67


class AdapterRefusedError(TrainingError):
    """An adapter did not pass the gate, and may not write."""

    exit_code = 68


class PreferenceError(TrainingError):
    """Pairs of scenes cannot be learnt from, or there are too few of them."""

    exit_code = 69
