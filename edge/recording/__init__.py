"""What a live run saw and said, kept on disk and played again, as MCAP files.

===========  ==============================================================================
`settings` what is recorded, and how much of it is kept
`layout`   what lies in a file: channels, schemas, pictures
`gate`     which of it is kept: the seconds around each sign
`file`     one file being written
`shelf`    the folder: names in order, the quota, one writer at a time
`recorder` the thread that does the work
`reader`   what anybody's file holds, however damaged or hostile
`replay`   its messages published again at their own pace
===========  ==============================================================================
"""
