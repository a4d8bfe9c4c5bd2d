"""A fleet's archive: thousands of hours of recordings read by many processes or machines into tables of signs.

    finding -> survey -> pieces, each read anywhere -> joined, as one pass would have it -> memory -> tables

==============  ==========================================================
`finding`       which recordings a user's folders and files are
`survey`        what is to be known of a recording before it is cut into pieces
`stretch`       frames of a recording from somewhere in the middle on
`piece`         reading one piece; what goes to a worker and what comes back
`sightings`     the confirmed signs of a piece, from its frames' messages
`joining`       from pieces to the recording, sign for sign as in one pass
`settings`      with what it is read; what was read with other settings is read again
`memory`        what is done, in a file that survives kill -9 and a full disk
`workers`       processes of this machine; `ray_workers`: those of a Ray cluster
`run`           all of it over all recordings
`positions`     where a recording was made, from a GPX or CSV file beside it
`tables`        the Parquet files
==============  ==========================================================
"""
