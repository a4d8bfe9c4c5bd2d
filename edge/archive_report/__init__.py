"""A page about an archive: what `signwatch archive` read in many recordings, to be looked through and checked.

tables    reads the archive's tables, whatever is wrong with them
doubts    which readings somebody should look at, and why
places    the areas that positions lie in, and what different recordings read at the same place
hours     when the signs were read
pictures  which small pictures the page has room for
page      the page
"""
