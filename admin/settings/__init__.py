"""The settings: form, file as text, review, earlier versions. All lead to a review, and only that saves.

settings_page, text_page, history_page   the routes; answers: the pages that they answer with
fields, forms                            the form as drawn; what was typed into it
draft, drafts                            what would be saved; where it is kept until then
effects, costs                           what a change does to memory and alerts; figures as measured
"""
