"""Grade a class: from a download of a learning platform to marks and feedback, safely.

    make grade SUBMISSIONS=path [OUT=path] [SEED=…] [SCHEDULER=tcp://…]

`intake` finds the files of each student; `stage1` runs what they handed in, in a sandbox that
knows no right answer (`inside` is the program in there); `transfer` carries arrays out of it;
`stage2` compares them with right answers; `marks` keeps the result of each student; `schedule`
does all this on the processors of one machine or of a cluster; `report` writes the tables and
pages. `appeal` makes one mark again.
"""
